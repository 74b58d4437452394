//! Responses, and the JSON in them that is no problem document.

use http::{HeaderMap, HeaderName, HeaderValue, Response, StatusCode, header};
use penstock::contract::{AnswerInfo, AnswerSource, ListEnd, Misfit, PageInfo, catalogue::Operation};
use serde::Serialize;

/// One JSON value.
pub const JSON: &str = "application/json";
/// JSON values, one a line.
pub const NDJSON: &str = "application/x-ndjson";
/// draft-inadarei-api-health-check.
pub const HEALTH: &str = "application/health+json";
/// The Prometheus text format.
pub const PROMETHEUS: &str = "text/plain; version=0.0.4; charset=utf-8";
/// RFC 9457.
pub const PROBLEM: &str = "application/problem+json";

/// Our id of the call, as it stands in the log lines.
pub const CALL_ID: HeaderName = HeaderName::from_static("x-penstock-call-id");
/// The caller's own id.
pub const CORRELATION_ID: HeaderName = HeaderName::from_static("x-correlation-id");

/// Which preference was heeded (RFC 7240 section 3).
pub const PREFERENCE_APPLIED: HeaderName = HeaderName::from_static("preference-applied");

/// Where an answer came from.
pub const CACHE_STATUS: HeaderName = HeaderName::from_static("cache-status");

/// A response with a body of this type.
#[must_use]
pub fn response(status: StatusCode, media_type: &'static str, body: String) -> Response<String> {
    let mut response = Response::new(body);
    *response.status_mut() = status;
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static(media_type));
    // Answers hold customers' data, and errors hold for one moment only.
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    headers.insert(header::X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
    response
}

/// A response without a body.
#[must_use]
pub fn no_content() -> Response<String> {
    let mut response = response(StatusCode::NO_CONTENT, JSON, String::new());
    response.headers_mut().remove(header::CONTENT_TYPE);
    response
}

/// What methods a path has (RFC 9110 section 9.3.7).
#[must_use]
pub fn options(allow: &str) -> Response<String> {
    let mut response = no_content();
    set(response.headers_mut(), header::ALLOW, allow);
    response
}

/// Sets a field to a text from outside, unless it would be no field or empty.
pub(crate) fn set(headers: &mut HeaderMap, name: HeaderName, value: &str) {
    if let Some(value) = HeaderValue::from_str(value).ok().filter(|value| !value.is_empty()) {
        headers.insert(name, value);
    }
}

/// Says where an answer came from: `Cache-Status` (RFC 9211), and its `Age` in seconds
/// (RFC 9111 section 5.1) if it is from the cache. An answer past its time, given because
/// the provider could not be asked, has the detail `degraded`. `operation` says whether answers are
/// kept at all, `is_past` whether the caller asked past what is.
pub(crate) fn set_source(headers: &mut HeaderMap, info: &AnswerInfo, operation: &Operation, is_past: bool) {
    let status = match (info.source, info.degraded) {
        (AnswerSource::Cache, false) => "penstock; hit",
        (AnswerSource::Cache, true) => "penstock; hit; detail=degraded",
        (AnswerSource::Fallback, _) => "penstock; detail=fallback",
        (AnswerSource::Vendor, _) if operation.cache.is_none() => "penstock; fwd=bypass",
        (AnswerSource::Vendor, _) if is_past => "penstock; fwd=request",
        (AnswerSource::Vendor, _) => "penstock; fwd=miss",
    };
    set(headers, CACHE_STATUS, status);
    if info.source == AnswerSource::Cache {
        set(headers, header::AGE, &(info.age_ms / 1000).to_string());
    }
}

/// One page: `{"data": […], "page": {…}, "resume": "…"}`. `records` is a JSON array,
/// whose memory is used.
#[must_use]
pub fn page(records: String, info: &PageInfo) -> String {
    #[derive(Serialize)]
    #[serde(rename_all = "camelCase")]
    struct Page<'a> {
        /// 0 is no number: the lists without numbers leave it out.
        #[serde(skip_serializing_if = "Option::is_none")]
        page: Option<u32>,
        #[serde(skip_serializing_if = "Option::is_none")]
        page_size: Option<u32>,
        has_more: bool,
        #[serde(skip_serializing_if = "Option::is_none")]
        total_count: Option<u64>,
        #[serde(skip_serializing_if = "Option::is_none")]
        continue_from: Option<&'a str>,
        #[serde(skip_serializing_if = "std::ops::Not::not")]
        drifted: bool,
        #[serde(flatten)]
        misfits: Misfits<'a>,
    }
    let page = json(&Page {
        page: Some(info.page).filter(|number| *number > 0),
        page_size: Some(info.page_size).filter(|size| *size > 0),
        has_more: info.has_more,
        total_count: info.total_count,
        continue_from: info.continue_from.as_deref(),
        drifted: info.drifted,
        misfits: Misfits::of(info.answer.misfits, &info.answer.first_misfits),
    });
    let (before, after) = (r#"{"data":"#, format!(r#","page":{page},"resume":{}}}"#, json(&info.resume)));
    // In its own memory: a page may be as large as answers can be.
    let mut body = records;
    body.reserve_exact(before.len() + after.len());
    body.insert_str(0, before);
    body.push_str(&after);
    body
}

/// How a whole read ended well.
#[must_use]
pub fn list_end(end: &ListEnd) -> String {
    #[derive(Serialize)]
    struct End<'a> {
        items: u64,
        pages: u32,
        complete: bool,
        suppressed: u64,
        drifted: bool,
        #[serde(flatten)]
        misfits: Misfits<'a>,
        resume: &'a str,
    }
    let ListEnd { items, pages, complete, suppressed, drifted, ref resume, .. } = *end;
    let misfits = Misfits::of(end.misfits, &end.first_misfits);
    json(&End { items, pages, complete, suppressed, drifted, misfits, resume })
}

/// Records that do not fit the contract: nothing if there are none.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Misfits<'a> {
    #[serde(skip_serializing_if = "Option::is_none")]
    misfits: Option<u64>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    first_misfits: Vec<Named<'a>>,
}

#[derive(Serialize)]
struct Named<'a> {
    #[serde(skip_serializing_if = "Option::is_none")]
    id: Option<&'a str>,
    path: &'a str,
    reason: &'a str,
}

impl<'a> Misfits<'a> {
    fn of(count: u64, first: &'a [Misfit]) -> Misfits<'a> {
        let named = |Misfit { id, path, reason }: &'a Misfit| Named { id: id.as_deref(), path, reason };
        Misfits {
            misfits: Some(count).filter(|count| *count > 0),
            first_misfits: first.iter().map(named).collect(),
        }
    }
}

/// JSON text of plain data, whose serialisation cannot fail.
pub(crate) fn json(value: &impl Serialize) -> String {
    serde_json::to_string(value).unwrap_or_else(|_| "null".to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;
    use penstock::contract::catalogue;

    fn info(source: AnswerSource) -> AnswerInfo {
        AnswerInfo {
            call_id: "00ff".to_owned(),
            status: 200,
            source,
            age_ms: 61_900,
            degraded: false,
            misfits: 0,
            first_misfits: Vec::new(),
        }
    }

    #[test]
    fn what_does_not_fit_is_counted_and_named() {
        let misfit = |id: Option<&str>| Misfit {
            id: id.map(str::to_owned),
            path: "$.data[0].total".to_owned(),
            reason: "odd".to_owned(),
        };
        let end = ListEnd {
            items: 1,
            pages: 1,
            suppressed: 0,
            drifted: false,
            complete: true,
            misfits: 2,
            first_misfits: vec![misfit(Some("7")), misfit(None)],
            resume: "r".to_owned(),
        };
        assert_eq!(
            list_end(&end),
            r#"{"items":1,"pages":1,"complete":true,"suppressed":0,"drifted":false,"misfits":2,"firstMisfits":[{"id":"7","path":"$.data[0].total","reason":"odd"},{"path":"$.data[0].total","reason":"odd"}],"resume":"r"}"#
        );
        assert!(!list_end(&ListEnd { misfits: 0, first_misfits: vec![], ..end }).contains("isfits"));
    }

    fn sourced(info: &AnswerInfo, operation: &str, is_past: bool) -> HeaderMap {
        let operation = catalogue::find("servicetitan", operation).unwrap();
        let mut headers = HeaderMap::new();
        set_source(&mut headers, info, operation, is_past);
        headers
    }

    #[test]
    fn an_answer_from_the_cache_has_an_age() {
        let kept = "settings.business-units-list";
        let headers = sourced(&info(AnswerSource::Cache), kept, false);
        assert_eq!(
            (&headers["cache-status"], &headers["age"]),
            (&"penstock; hit".parse().unwrap(), &"61".parse().unwrap())
        );
        let degraded = AnswerInfo { degraded: true, ..info(AnswerSource::Cache) };
        assert_eq!(sourced(&degraded, kept, false)["cache-status"], "penstock; hit; detail=degraded");
    }

    #[test]
    fn what_the_provider_was_asked_for_says_why() {
        let fresh = info(AnswerSource::Vendor);
        for (operation, is_past, told) in [
            ("settings.business-units-list", false, "penstock; fwd=miss"),
            ("settings.business-units-list", true, "penstock; fwd=request"),
            ("jpm.jobs-list", false, "penstock; fwd=bypass"),
            ("jpm.jobs-list", true, "penstock; fwd=bypass"),
        ] {
            let headers = sourced(&fresh, operation, is_past);
            assert_eq!((headers["cache-status"].to_str().unwrap(), headers.get("age")), (told, None));
        }
    }

    #[test]
    fn a_page_says_where_it_stands() {
        let info = PageInfo {
            page: 2,
            page_size: 50,
            has_more: true,
            total_count: Some(120),
            continue_from: None,
            resume: "a\"b".to_owned(),
            drifted: false,
            answer: info(AnswerSource::Vendor),
        };
        let page = page(r#"[{"id":1}]"#.to_owned(), &info);
        assert_eq!(
            page,
            r#"{"data":[{"id":1}],"page":{"page":2,"pageSize":50,"hasMore":true,"totalCount":120},"resume":"a\"b"}"#
        );
    }

    #[test]
    fn a_feed_has_no_numbers() {
        let info = PageInfo {
            page: 0,
            page_size: 0,
            has_more: false,
            total_count: None,
            continue_from: Some("t".to_owned()),
            resume: "r".to_owned(),
            drifted: false,
            answer: info(AnswerSource::Vendor),
        };
        assert_eq!(
            page("[]".to_owned(), &info),
            r#"{"data":[],"page":{"hasMore":false,"continueFrom":"t"},"resume":"r"}"#
        );
    }

    #[test]
    fn a_text_that_is_no_field_value_is_left_out() {
        let mut headers = HeaderMap::new();
        set(&mut headers, CALL_ID, "a\r\nx: y");
        set(&mut headers, CALL_ID, "");
        assert!(headers.is_empty());
        set(&mut headers, CALL_ID, "00ff");
        assert_eq!(headers["x-penstock-call-id"], "00ff");
    }
}
