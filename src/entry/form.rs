//! What records are made into for their caller, and what becomes of one that does not fit.

use super::typed::at;
use crate::{
    codec::{self, DecodeError},
    contract::{
        Misfit, OnMisfit,
        abi::{Arena, Layout, LoweredValue},
        catalogue::Type,
    },
};

/// What records are made into.
pub trait Form {
    /// A record for the caller.
    type Record;

    /// Makes one of the provider's JSON.
    ///
    /// # Errors
    /// The first thing that does not fit the contract.
    fn fitting(&self, json: &[u8]) -> Result<Self::Record, DecodeError>;

    /// Makes one of JSON that does not fit, as `on-misfit` = `raw` has it; none if nothing can
    /// be made of it.
    fn misfit(&self, _json: &[u8], _misfit: &DecodeError) -> Option<Self::Record> {
        None
    }
}

impl<R, F: Fn(&[u8]) -> Result<R, DecodeError>> Form for F {
    type Record = R;

    fn fitting(&self, json: &[u8]) -> Result<R, DecodeError> {
        self(json)
    }
}

/// One line of JSON in the normal form, as NDJSON wants it.
pub struct NormalForm(pub &'static Type);

impl Form for NormalForm {
    type Record = String;

    fn fitting(&self, json: &[u8]) -> Result<String, DecodeError> {
        super::dynamic::record(self.0, json)
    }

    fn misfit(&self, json: &[u8], misfit: &DecodeError) -> Option<String> {
        Some(super::dynamic::one_line(codec::marked(json, misfit)))
    }
}

/// A value in memory of its own, as the typed interface hands it out.
pub struct Lowered(pub &'static Type);

impl Form for Lowered {
    type Record = LoweredValue;

    fn fitting(&self, json: &[u8]) -> Result<LoweredValue, DecodeError> {
        codec::decode(self.0, json).map(Arena::settle)
    }

    fn misfit(&self, json: &[u8], misfit: &DecodeError) -> Option<LoweredValue> {
        let mut arena = Arena::with(Layout::of(self.0));
        codec::decode_misfit(self.0, json, misfit, &mut arena, 0).then(|| arena.settle())
    }
}

/// What was made of a record.
pub(super) struct Made<R> {
    /// For the caller; none if it is left out.
    pub(super) record: Option<R>,
    /// Why it does not fit.
    pub(super) misfit: Option<DecodeError>,
}

/// Makes a record as its caller wants it.
///
/// # Errors
/// It does not fit, and the call is to fail then.
pub(super) fn make<F: Form>(
    form: &F,
    on_misfit: OnMisfit,
    json: &[u8],
) -> Result<Made<F::Record>, DecodeError> {
    match (form.fitting(json), on_misfit) {
        (Ok(record), _) => Ok(Made { record: Some(record), misfit: None }),
        (Err(error), OnMisfit::Fail) => Err(error),
        (Err(error), OnMisfit::Skip) => Ok(Made { record: None, misfit: Some(error) }),
        (Err(error), OnMisfit::Raw) => Ok(Made { record: form.misfit(json, &error), misfit: Some(error) }),
    }
}

/// Names the record at a place of the provider's list that does not fit.
pub(super) fn name(id_member: Option<&str>, json: &[u8], place: usize, error: DecodeError) -> Misfit {
    let id = id_member.and_then(|member| codec::shown_id(json, member));
    let DecodeError { path, message: reason, .. } = at(place, error);
    Misfit { id, path, reason }
}
