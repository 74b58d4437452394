//! The nine operations.

use super::{
    World, average, checks,
    checks::refusal,
    report,
    world::{User, user_id},
};
use crate::{answer::Answer, request::Received};
use percent_encoding::percent_decode_str;
use serde_json::{Value, json};

/// An operation, with the ids in its path.
#[derive(strum::IntoStaticStr)]
pub(crate) enum Route {
    CreateUser,
    GetUser(String),
    UpdateUser(String),
    DeleteUser(String),
    GetSession(String),
    ListSessions,
    AverageStats(String),
    DeleteSession(String),
    DeleteSessions,
}

impl Route {
    /// The operation that method and path lead to.
    pub(crate) fn find(method: &str, path: &str) -> Option<Route> {
        let decoded = |segment: &str| percent_decode_str(segment).decode_utf8_lossy().into_owned();
        let segments: Vec<&str> = path.split('/').skip(1).collect();
        Some(match (method, segments.as_slice()) {
            ("POST", ["ai", "v1", "users"]) => Route::CreateUser,
            ("GET", ["ai", "v1", "users", user]) => Route::GetUser(decoded(user)),
            ("PUT", ["ai", "v1", "users", user]) => Route::UpdateUser(decoded(user)),
            ("DELETE", ["ai", "v1", "users", user]) => Route::DeleteUser(decoded(user)),
            ("GET", ["data", "v3", "sessions", session]) => Route::GetSession(decoded(session)),
            ("GET", ["data", "v1", "sessions"]) => Route::ListSessions,
            ("GET", ["data", "v1", "users", user, "average-stats"]) => Route::AverageStats(decoded(user)),
            ("DELETE", ["ai", "v1", "sessions", session]) => Route::DeleteSession(decoded(session)),
            ("DELETE", ["ai", "v1", "sessions"]) => Route::DeleteSessions,
            _ => return None,
        })
    }

    /// Its name in the counters.
    pub(crate) fn name(&self) -> &'static str {
        self.into()
    }
}

pub(crate) fn answer(world: &World, route: &Route, request: &Received) -> Result<Answer, Answer> {
    let nobody = || refusal(404, "user does not exist");
    match route {
        Route::CreateUser => {
            checks::query(request, &[])?;
            let metadata = checks::metadata(request, false)?;
            let mut users = world.lock();
            let mut number = users.len() as u64;
            while users.contains_key(&user_id(world.config.seed, number)) {
                number += 1;
            }
            let id = user_id(world.config.seed, number);
            users.insert(id.clone(), User { metadata, ..User::default() });
            Ok(Answer { status: 201, ..success("success", &json!({ "user_id": id })) })
        }
        Route::GetUser(user) => {
            checks::query(request, &[])?;
            let users = world.lock();
            Ok(success("success", &profile(user, users.get(user).ok_or_else(nobody)?)))
        }
        Route::UpdateUser(id) => {
            checks::query(request, &[])?;
            let metadata = checks::metadata(request, true)?;
            let mut users = world.lock();
            users.get_mut(id).ok_or_else(nobody)?.metadata = metadata.clone();
            Ok(success("success", &json!({ "user_id": id, "metadata": metadata })))
        }
        Route::DeleteUser(user) => {
            checks::query(request, &[])?;
            world.lock().remove(user).map(|_| nothing()).ok_or_else(nobody)
        }
        Route::GetSession(id) => {
            checks::query(request, &[])?;
            let (user, (zone, name)) = (checks::user(request)?, checks::zone(request)?);
            if !id.bytes().take(14).all(|byte| byte.is_ascii_digit()) || id.len() < 14 {
                return Err(refusal(400, "The format of sleep session id is invalid"));
            }
            let users = world.lock();
            let nights = &users.get(&user).ok_or_else(nobody)?.nights;
            let night = nights.iter().find(|night| night.id == *id);
            let night = night.ok_or_else(|| refusal(404, "session does not exist"))?;
            Ok(success("OK", &report::session(night, &zone, &name, world.config.plan)))
        }
        Route::ListSessions => list(world, request),
        Route::AverageStats(user) => average_stats(world, user, request),
        Route::DeleteSession(id) => {
            checks::query(request, &[])?;
            let user = checks::user(request)?;
            let mut users = world.lock();
            let nights = &mut users.get_mut(&user).ok_or_else(nobody)?.nights;
            let before = nights.len();
            nights.retain(|night| night.id != *id);
            if nights.len() == before { Err(refusal(404, "session does not exist")) } else { Ok(nothing()) }
        }
        Route::DeleteSessions => {
            checks::query(request, &[])?;
            let user = checks::user(request)?;
            world.lock().get_mut(&user).ok_or_else(nobody)?.nights.clear();
            Ok(nothing())
        }
    }
}

fn list(world: &World, request: &Received) -> Result<Answer, Answer> {
    let query = checks::query(request, &["date_gte", "date_lte", "order_by", "offset", "limit"])?;
    let (user, (zone, name)) = (checks::user(request)?, checks::zone(request)?);
    let (from, to) = (checks::date(&query, "date_gte")?, checks::date(&query, "date_lte")?);
    let offset = checks::number(&query, "offset", 0, usize::MAX)?;
    let limit = checks::number(&query, "limit", 20, 100)?;
    let users = world.lock();
    let nights = &users.get(&user).ok_or_else(|| refusal(404, "user does not exist"))?.nights;
    let within = nights.iter().filter(|night| {
        let day = night.start.to_zoned_datetime(zone.clone()).date();
        from.is_none_or(|from| day >= from) && to.is_none_or(|to| day <= to)
    });
    let mut rows: Vec<Value> = within.map(|night| report::row(night, &zone)).collect();
    match checks::find(&query, "order_by") {
        Some("ASC") => {}
        None | Some("DESC") => rows.reverse(),
        Some(_) => return Err(refusal(422, "order_by is ASC or DESC")),
    }
    let rows: Vec<Value> = rows.into_iter().skip(offset).take(limit).collect();
    let records = rows.len();
    let result = json!({ "timezone": name, "sleep_session_list": rows });
    Ok(Answer { records, ..success("OK", &result) })
}

fn average_stats(world: &World, user: &str, request: &Received) -> Result<Answer, Answer> {
    let query = checks::query(request, &["start_date", "end_date"])?;
    let (zone, name) = checks::zone(request)?;
    let first = checks::needed(checks::date(&query, "start_date")?, "start_date")?;
    let last = checks::needed(checks::date(&query, "end_date")?, "end_date")?;
    // Both days count: the documents do not say, and this is the stricter way.
    if first.until(last).map_or(i32::MAX, |span| span.get_days()) + 1 > 100 {
        return Err(refusal(400, "The period should be less than or equal to 100 days"));
    }
    let users = world.lock();
    let found = users.get(user);
    let nights = &found.ok_or_else(|| refusal(404, &format!("Unable to find the user of id {user}")))?.nights;
    Ok(success("OK", &average::average(nights, &zone, &name, (first, last), world.config.plan)))
}

fn profile(id: &str, user: &User) -> Value {
    // Without an offset, as in the provider's own example.
    let plain = |at: jiff::Timestamp| at.strftime("%Y-%m-%dT%H:%M:%S").to_string();
    json!({
        "user_id": id,
        "to_be_deleted": false,
        "last_session_info": user.nights.last().map(|night| json!({
            "session_id": night.id,
            "inference_type": "MELSPECTROGRAM",
            "service": "simulated",
            "start_time": plain(night.start),
            "end_time": night.end.map(plain),
            "state": night.state.word(),
            "complete_time": null,
        })),
        "metadata": user.metadata,
    })
}

fn success(detail: &str, result: &Value) -> Answer {
    Answer::json(json!({ "detail": detail, "result": result }).to_string())
}

fn nothing() -> Answer {
    Answer { status: 204, ..Answer::empty() }
}
