//! Every operation that has no code of its own: answers made from the declared shapes.
//!
//! A path that ends with a placeholder is an item of the collection before it; a list
//! shows the items of the collection that is its path. All collections begin with the
//! same number of generated items, and remember what requests created, changed and
//! deleted. Filters are checked for name and type; those in `lists` select.

mod feeds;
mod files;
mod items;
mod lists;
mod multipart;
mod place;
mod reports;
mod shelf;
mod writes;

pub(crate) use files::file;
pub(crate) use shelf::Shelf;

use crate::{
    answer::Answer,
    servicetitan::{
        data::Tenant,
        declared::{Answers, Shape, Type},
        errors::ApiError,
        operations::Call,
    },
};
use items::Items;
use place::Place;

/// Answers a request that passed every check.
pub(crate) fn answer(call: &Call<'_>, data: &mut Tenant) -> Result<Answer, ApiError> {
    let place = Place::of(call);
    place.check(call, &data.shelf)?;
    if call.operation.upload {
        return files::upload(call, &place, data);
    }
    match &call.operation.answer {
        Answers::Report => return reports::answer(call, &place, data),
        Answers::Page(shape) => return lists::page(call, &place, &data.shelf, shape),
        Answers::Bare(shape) => return lists::bare(call, &place, &data.shelf, shape),
        Answers::Export(shape) => return feeds::page(call, &place, &data.shelf, shape),
        Answers::File(media) => return Ok(files::download(call, &place, media)),
        Answers::Redirect(_) => return files::redirect(call, &data.shelf),
        _ => {}
    }
    if reports::cancels(call) {
        return reports::cancel(call, data);
    }
    if call.operation.method == http::Method::GET {
        return Ok(read(call, &place, &data.shelf));
    }
    writes::answer(call, &place, data)
}

fn read(call: &Call<'_>, place: &Place, shelf: &Shelf) -> Answer {
    let items = Items::new(call, place, shelf);
    match &call.operation.answer {
        Answers::One(Shape { ty: Type::List(inner), .. }) => {
            let rows = items.some(inner);
            Answer::records(format!("[{}]", rows.join(",")), rows.len())
        }
        Answers::One(shape) => Answer::records(items.one(shape, place.number()), 1),
        Answers::Data(shape) => {
            let rows = items.some(shape);
            Answer::records(format!("{{\"data\":[{}]}}", rows.join(",")), rows.len())
        }
        _ => Answer::empty(),
    }
}
