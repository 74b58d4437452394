//! The object that a page comes in.

use crate::{
    codec::{self, PlainPage},
    providers::api::Unreadable,
};
use serde::{
    Deserialize,
    de::{Deserializer, MapAccess, Visitor},
};
use serde_json::value::RawValue;
use std::{borrow::Cow, fmt, marker::PhantomData, ops::Range};

/// A page taken apart, its records, and their ids.
pub(super) type Parted<'a> = (Members<'a, ()>, Vec<Range<usize>>, Option<Vec<Range<usize>>>);

/// Its members, not decoded but for the records. Of a name that comes twice, the last one
/// counts.
pub(super) struct Members<'a, D> {
    page: Option<&'a RawValue>,
    has_more: Option<&'a RawValue>,
    total_count: Option<&'a RawValue>,
    continue_from: Option<&'a RawValue>,
    fields: Option<&'a RawValue>,
    data: Option<D>,
}

impl<'a, D: Deserialize<'a>> Members<'a, D> {
    /// Takes it apart.
    ///
    /// # Errors
    /// It is no object, or its records are none. serde's own message has no path and may
    /// repeat what the body holds.
    pub(super) fn read(body: &'a [u8]) -> Result<Members<'a, D>, Unreadable> {
        serde_json::from_slice(body).map_err(|error| match body.trim_ascii_start().first() {
            _ if !error.is_data() => Unreadable { malformed: true, ..wrong("$", "is no JSON, or cut off") },
            Some(b'{') => wrong("$.data", "must be an array"),
            _ => wrong("$", "is no page"),
        })
    }

    /// The records.
    ///
    /// # Errors
    /// There are none.
    pub(super) fn data(&mut self) -> Result<D, Unreadable> {
        self.data.take().ok_or_else(|| wrong("$.data", "is missing"))
    }
}

impl<'a, D> Members<'a, D> {
    /// Whether more follow, if it says so.
    ///
    /// # Errors
    /// It says something else.
    pub(super) fn has_more(&self) -> Result<Option<bool>, Unreadable> {
        member(self.has_more, "$.hasMore", "must be true or false")
    }

    /// Where a feed goes on.
    ///
    /// # Errors
    /// It is no text.
    pub(super) fn continue_from(&self) -> Result<Option<String>, Unreadable> {
        member(self.continue_from, "$.continueFrom", "must be text")
    }

    /// The columns of a report.
    ///
    /// # Errors
    /// They are missing, or are none.
    #[cfg(feature = "servicetitan-reporting")]
    pub(super) fn fields<F: Deserialize<'a>>(&self) -> Result<F, Unreadable> {
        member(self.fields, "$.fields", "must be the columns")?.ok_or_else(|| wrong("$.fields", "is missing"))
    }

    /// The number of the page. Looked at only if it is a number: nothing depends on its being
    /// there.
    pub(super) fn number(&self) -> Option<u32> {
        self.page.and_then(|number| number.get().parse().ok())
    }

    /// Records in all. Not trusted, and so not demanded to be a number.
    pub(super) fn total(&self) -> Option<u64> {
        self.total_count.and_then(|total| total.get().parse().ok())
    }
}

impl<'a> Members<'a, ()> {
    /// Takes a page apart: what it says of its records, where each of them stands in it, and where the
    /// id of each, unless somebody else must find those.
    ///
    /// # Errors
    /// It is no object, or has no records. One record that is no JSON is its own fault, unless the page
    /// is not plain.
    pub(super) fn parted(body: &'a [u8], id: &str) -> Result<Parted<'a>, Unreadable> {
        if let Some((members, page)) = Members::plain(body, id) {
            return Ok((members, page.records, Some(page.ids)));
        }
        let mut page = Members::<Vec<&RawValue>>::read(body)?;
        let records = places(body, &page.data()?);
        Ok((page.without_data(), records, None))
    }

    /// Takes a page apart that is plain, as nearly all are, with its records and their ids.
    fn plain(body: &'a [u8], id: &str) -> Option<(Self, PlainPage<'a>)> {
        let page = codec::plain_page(body, "data", id)?;
        let mut members = Members::default();
        for (name, json) in &page.members {
            let mut ignored = None;
            let member = members.named(std::str::from_utf8(name).ok()?).unwrap_or(&mut ignored);
            *member = Some(serde_json::from_slice(json).ok()?);
        }
        Some((members, page))
    }
}

impl<'a, D> Default for Members<'a, D> {
    fn default() -> Self {
        Members {
            page: None,
            has_more: None,
            total_count: None,
            continue_from: None,
            fields: None,
            data: None,
        }
    }
}

impl<'a, D> Members<'a, D> {
    /// What is said of the records.
    fn without_data(self) -> Members<'a, ()> {
        let Members { page, has_more, total_count, continue_from, fields, data: _ } = self;
        Members { page, has_more, total_count, continue_from, fields, data: None }
    }

    /// The member of this name, if it has a meaning.
    fn named(&mut self, name: &str) -> Option<&mut Option<&'a RawValue>> {
        match name {
            "page" => Some(&mut self.page),
            "hasMore" => Some(&mut self.has_more),
            "totalCount" => Some(&mut self.total_count),
            "continueFrom" => Some(&mut self.continue_from),
            "fields" => Some(&mut self.fields),
            _ => None,
        }
    }
}

fn member<'a, T: Deserialize<'a>>(
    json: Option<&'a RawValue>,
    path: &str,
    must: &str,
) -> Result<Option<T>, Unreadable> {
    json.map_or(Ok(None), |json| serde_json::from_str(json.get()).map_err(|_| wrong(path, must)))
}

/// Where values that were read from a body stand in it.
pub(super) fn places(body: &[u8], values: &[&RawValue]) -> Vec<Range<usize>> {
    let start = body.as_ptr() as usize;
    let place = |value: &&RawValue| {
        let from = (value.get().as_ptr() as usize).saturating_sub(start);
        from..from + value.get().len()
    };
    values.iter().map(place).collect()
}

pub(super) fn wrong(path: &str, message: &str) -> Unreadable {
    Unreadable { path: path.to_owned(), message: message.to_owned(), malformed: false }
}

impl<'de: 'a, 'a, D: Deserialize<'de>> Deserialize<'de> for Members<'a, D> {
    fn deserialize<J: Deserializer<'de>>(json: J) -> Result<Self, J::Error> {
        json.deserialize_map(Read(PhantomData))
    }
}

struct Read<D>(PhantomData<D>);

impl<'de, D: Deserialize<'de>> Visitor<'de> for Read<D> {
    type Value = Members<'de, D>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
        let mut members = Members::default();
        while let Some(Name(name)) = map.next_key()? {
            if name == "data" {
                members.data = map.next_value()?;
                continue;
            }
            let mut ignored = None;
            let member = members.named(&name).unwrap_or(&mut ignored);
            *member = Some(map.next_value()?);
        }
        Ok(members)
    }
}

/// Borrowed unless it is written with escapes.
#[derive(Deserialize)]
struct Name<'a>(#[serde(borrow)] Cow<'a, str>);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_last_of_doubled_members_counts() {
        let body = br#"{"hasMore":true,"data":[1],"hasMor\u0065":false,"page":1,"data":[2,3],"page":2}"#;
        let mut page = Members::<Vec<u8>>::read(body).unwrap();
        assert_eq!(page.data().unwrap(), [2, 3]);
        assert_eq!((page.has_more().unwrap(), page.number()), (Some(false), Some(2)));
    }

    #[test]
    fn a_member_that_does_not_fit_is_named() {
        let read = |body: &'static str| Members::<Vec<u8>>::read(body.as_bytes());
        assert_eq!(read(r#"{"data":5}"#).err().unwrap().path, "$.data");
        assert_eq!(read("[]").err().unwrap().message, "is no page");
        assert!(read(r#"{"data":[1"#).err().unwrap().malformed);
        let page = read(r#"{"data":null,"hasMore":"no","continueFrom":7,"totalCount":"many"}"#);
        let mut page = page.unwrap();
        assert_eq!(page.has_more().unwrap_err().path, "$.hasMore");
        assert_eq!(page.continue_from().unwrap_err().path, "$.continueFrom");
        assert_eq!((page.data().unwrap_err().message.as_str(), page.total()), ("is missing", None));
    }
}
