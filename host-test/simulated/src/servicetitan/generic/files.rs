//! Files: downloads, redirects to the storage, and uploads.

use crate::servicetitan::generic::{
    multipart::{self, File},
    place::Place,
    shelf::{self, FIRST, Shelf},
};
use crate::{
    answer::Answer,
    random::{mix, random},
    servicetitan::{
        World, data::Tenant, declared::Answers, errors::ApiError, members::Members, operations::Call,
        storage::address,
    },
};
use bytes::Bytes;

/// What a generated file is called, by its number.
fn named(number: i64) -> String {
    format!("files/{number}.jpg")
}

/// The file in the path, at once.
pub(super) fn download(call: &Call<'_>, place: &Place, media: &str) -> Answer {
    let what = call.operation.path.rsplit('/').find(|part| !part.starts_with('{')).unwrap_or("file");
    // Recordings come as MP3 whatever is declared.
    let (media, ending) = match call.operation.module {
        "telecom" => ("audio/mpeg", "mp3"),
        _ => (media, "bin"),
    };
    let file = File {
        name: format!("{what}-{}.{ending}", place.number()),
        media: media.to_owned(),
        bytes: content(
            call.world.config.seed,
            &place.collection,
            place.number(),
            call.world.config.file_bytes,
        ),
    };
    answer(file)
}

/// 302 to the storage, where the file in the query is.
pub(super) fn redirect(call: &Call<'_>, shelf: &Shelf) -> Result<Answer, ApiError> {
    let path = call.query.get("path").filter(|path| !path.is_empty());
    let path = path.ok_or_else(|| ApiError::field("path", "The path field is required."))?;
    let absent = || ApiError::new(404, format!("There is no file {path}."));
    stored(call.world, shelf, call.operation.module, path).ok_or_else(absent)?;
    let mut answer = Answer { status: 302, ..Answer::empty() };
    let tenant = call.number("tenant");
    answer.headers.push(("location", address(call.world, tenant, &call.operation.id, path)));
    Ok(answer)
}

/// A file of the storage.
pub(crate) fn file(world: &World, shelf: &Shelf, module: &str, path: &str) -> Option<Answer> {
    stored(world, shelf, module, path).map(answer)
}

/// A file that was uploaded or is among the generated ones.
fn stored(world: &World, shelf: &Shelf, module: &str, path: &str) -> Option<File> {
    if let Some(file) = shelf.files.get(&(module.to_owned(), path.to_owned())) {
        return Some(file.clone());
    }
    let number = path.strip_prefix("files/")?.strip_suffix(".jpg")?.parse().ok()?;
    let config = &world.config;
    (named(number) == path && shelf::is_generated(number, config.records)).then(|| File {
        name: format!("{number}.jpg"),
        media: "image/jpeg".to_owned(),
        bytes: content(config.seed, module, number, config.file_bytes),
    })
}

/// 200 with the bytes, their type and their name.
fn answer(file: File) -> Answer {
    let mut answer = Answer { body: file.bytes, records: 1, ..Answer::empty() };
    answer.headers.push(("content-type", file.media));
    answer.headers.push(("content-disposition", disposition(&file.name)));
    answer
}

/// RFC 6266: the plain name, and the exact one where they differ.
fn disposition(name: &str) -> String {
    let plain: String = name
        .chars()
        .map(|letter| if letter.is_ascii_alphanumeric() || "-._ ".contains(letter) { letter } else { '_' })
        .collect();
    let exact = percent_encoding::utf8_percent_encode(name, percent_encoding::NON_ALPHANUMERIC);
    match plain == name {
        true => format!("attachment; filename=\"{plain}\""),
        false => format!("attachment; filename=\"{plain}\"; filename*=UTF-8''{exact}"),
    }
}

/// Stores the file of a form and answers in the declared shape: where it is.
pub(super) fn upload(call: &Call<'_>, place: &Place, data: &mut Tenant) -> Result<Answer, ApiError> {
    let file = multipart::read(call.content_type, call.bytes)?;
    let shelf = &mut data.shelf;
    let path = format!("uploads/{}-{}", shelf.new_number(), file.name);
    let mut set = Members::default();
    set.put("path", &path);
    set.put("fileName", &file.name);
    shelf.files.insert((call.operation.module.to_owned(), path), file);
    let items = super::Items::new(call, place, shelf);
    Ok(match &call.operation.answer {
        Answers::One(shape) => Answer::records(items.with(shape, FIRST, &set), 1),
        _ => Answer::empty(),
    })
}

/// Bytes that are the same for the same file.
fn content(seed: u64, collection: &str, number: i64, length: usize) -> Bytes {
    let kind = collection.bytes().fold(0, |hash, byte| mix(hash, u64::from(byte)));
    let mut bytes = vec![0; length];
    random(seed, kind, number.unsigned_abs()).fill(&mut bytes);
    bytes.into()
}
