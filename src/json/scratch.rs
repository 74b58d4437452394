//! What is kept from one record to the next, so that none of it is allocated anew.

use crate::fields::Orders;
use std::cell::Cell;

thread_local! {
    /// What the last reader learnt of records, for the next one: to learn it anew takes as long as to read twenty.
    static LEARNT: Cell<Orders> = const { Cell::new(Orders::NONE) };
}

/// Whoever reads many records keeps one for all of them.
#[derive(Debug)]
pub struct Scratch {
    pub(crate) orders: Orders,
    /// The members of `extra` of the records that are being read, one behind the other.
    pub(crate) extra: Vec<u8>,
    /// The fields of the records that are being written, and where each stands.
    pub(crate) written: Vec<Written>,
    /// Whatever is put together anew.
    pub(crate) spare: Vec<u8>,
}

/// Where a field stands in what was written, or some that follow one another.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Written {
    pub(crate) field: usize,
    pub(crate) last: usize,
    pub(crate) from: usize,
    pub(crate) to: usize,
}

impl Default for Scratch {
    fn default() -> Scratch {
        Scratch {
            orders: LEARNT.try_with(Cell::take).unwrap_or_default(),
            extra: Vec::new(),
            written: Vec::new(),
            spare: Vec::new(),
        }
    }
}

impl Drop for Scratch {
    fn drop(&mut self) {
        let orders = std::mem::take(&mut self.orders);
        if orders.are_worth_keeping() {
            // At the end of a thread there is no next one.
            _ = LEARNT.try_with(|learnt| learnt.set(orders));
        }
    }
}

impl Scratch {
    /// Forgets what was left of a record that was not plain.
    pub(crate) fn begin(&mut self) {
        self.extra.clear();
        self.written.clear();
    }

    /// Adds an unknown member to `extra`.
    pub(crate) fn keep(&mut self, start: usize, name: &[u8], json: &[u8]) {
        self.extra.push(if self.extra.len() == start { b'{' } else { b',' });
        for part in [b"\"", name, b"\":", json] {
            self.extra.extend_from_slice(part);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::Scratch;
    use crate::{
        Layout,
        fields::MOST_TYPES,
        transcode,
        types::{Field, Join, RecordType, Type},
    };

    /// A type of its own, with a field of this name.
    fn record(name: &'static str) -> Type {
        let field = Field {
            name,
            wire: name,
            ty: Type::Option(&Type::S32),
            required: false,
            join: Join::Repeat,
            local_day: false,
            list_default: None,
            offset: 0,
            doc: "",
        };
        let layout = Layout { size: 24, align: 4 };
        let record = RecordType { name: "record", fields: vec![field].leak(), extra: true, layout };
        Type::Record(Box::leak(Box::new(record)))
    }

    fn read(ty: &Type, json: &str) -> String {
        let mut out = Vec::new();
        transcode(ty, json.as_bytes(), &mut out, &mut Scratch::default()).unwrap();
        String::from_utf8(out).unwrap()
    }

    #[test]
    fn what_one_reader_learnt_the_next_one_knows() {
        let ty = record("a");
        assert_eq!(read(&ty, r#"{"b":1,"a":2}"#), r#"{"a":2,"b":1}"#);
        assert_eq!(Scratch::default().orders.types(), 1);
        // Another order, and other names.
        assert_eq!(read(&ty, r#"{"a":3,"c":4,"b":1}"#), r#"{"a":3,"c":4,"b":1}"#);
    }

    #[test]
    fn no_more_is_kept_than_is_looked_through_in_no_time() {
        for _ in 0..=MOST_TYPES {
            read(&record("a"), r#"{"a":1}"#);
        }
        assert!(Scratch::default().orders.types() <= MOST_TYPES);
        let ty = record("id");
        let names: Vec<String> = (0..200).map(|number| format!(r#""name{number}":1"#)).collect();
        let odd = format!("{{{}}}", names.join(","));
        assert_eq!(read(&ty, &odd), odd);
        assert_eq!(read(&ty, r#"{"id":1}"#), r#"{"id":1}"#);
    }
}
