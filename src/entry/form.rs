//! What records are made into for their caller, and what becomes of one that does not fit.

use super::typed::at;
use crate::{
    codec::{self, DecodeError, Scratch},
    contract::{
        Misfit, OnMisfit,
        abi::{Arena, Layout, LoweredRecord},
        catalogue::Type,
    },
};

/// What records are made into: many at a time, which share what they need.
pub trait Form {
    /// A record for the caller.
    type Record;
    /// Records that are being made.
    type Batch;

    /// A batch with room for so many.
    fn batch(&self, room: usize) -> Self::Batch;

    /// Adds a record that is made of the provider's JSON.
    ///
    /// # Errors
    /// The first thing that does not fit the contract; then nothing was added.
    fn add(&self, batch: &mut Self::Batch, json: &[u8]) -> Result<(), DecodeError>;

    /// Adds what can be made of JSON that does not fit, as `on-misfit` = `raw` has it; false if
    /// nothing can.
    fn add_misfit(&self, _batch: &mut Self::Batch, _json: &[u8], _misfit: &DecodeError) -> bool {
        false
    }

    /// The records of a batch.
    fn finish(&self, batch: Self::Batch) -> Vec<Self::Record>;
}

impl<R, F: Fn(&[u8]) -> Result<R, DecodeError>> Form for F {
    type Record = R;
    type Batch = Vec<R>;

    fn batch(&self, room: usize) -> Vec<R> {
        Vec::with_capacity(room)
    }

    fn add(&self, batch: &mut Vec<R>, json: &[u8]) -> Result<(), DecodeError> {
        batch.push(self(json)?);
        Ok(())
    }

    fn finish(&self, batch: Vec<R>) -> Vec<R> {
        batch
    }
}

/// One line of JSON each in the normal form, as NDJSON wants it.
pub struct NormalForm(pub &'static Type);

impl Form for NormalForm {
    type Record = String;
    type Batch = (Vec<String>, Scratch);

    fn batch(&self, room: usize) -> Self::Batch {
        (Vec::with_capacity(room), Scratch::default())
    }

    fn add(&self, (lines, scratch): &mut Self::Batch, json: &[u8]) -> Result<(), DecodeError> {
        let mut line = Vec::with_capacity(json.len());
        codec::transcode_into(self.0, json, &mut line, scratch)?;
        codec::one_line(&mut line);
        lines.push(codec::text(line));
        Ok(())
    }

    fn add_misfit(&self, (lines, _): &mut Self::Batch, json: &[u8], misfit: &DecodeError) -> bool {
        let mut line = codec::marked(json, misfit).into_bytes();
        codec::one_line(&mut line);
        lines.push(codec::text(line));
        true
    }

    fn finish(&self, (lines, _): Self::Batch) -> Vec<String> {
        lines
    }
}

/// The elements of a JSON array in the normal form: one text for all of them.
pub struct Elements(pub &'static Type);

impl Form for Elements {
    type Record = String;
    type Batch = (Vec<u8>, Scratch);

    /// `room` is in bytes.
    fn batch(&self, room: usize) -> Self::Batch {
        (Vec::with_capacity(room), Scratch::default())
    }

    fn add(&self, (text, scratch): &mut Self::Batch, json: &[u8]) -> Result<(), DecodeError> {
        let start = text.len();
        if start > 0 {
            text.push(b',');
        }
        let made = codec::transcode_into(self.0, json, text, scratch);
        if made.is_err() {
            text.truncate(start);
        }
        codec::one_line(text.get_mut(start..).unwrap_or_default());
        made
    }

    fn add_misfit(&self, (text, _): &mut Self::Batch, json: &[u8], misfit: &DecodeError) -> bool {
        let start = text.len();
        if start > 0 {
            text.push(b',');
        }
        text.extend_from_slice(codec::marked(json, misfit).as_bytes());
        codec::one_line(text.get_mut(start..).unwrap_or_default());
        true
    }

    fn finish(&self, (text, _): Self::Batch) -> Vec<String> {
        vec![codec::text(text)]
    }
}

/// Values in memory, as the typed interface hands them out.
pub struct Lowered(pub &'static Type);

/// Records that are being written, one behind the other.
pub struct LoweredBatch {
    arena: Arena,
    layout: Layout,
    count: u32,
    scratch: Scratch,
}

impl LoweredBatch {
    fn next(&self) -> u32 {
        self.count.saturating_mul(self.layout.size)
    }
}

impl Form for Lowered {
    type Record = LoweredRecord;
    type Batch = LoweredBatch;

    fn batch(&self, room: usize) -> LoweredBatch {
        let layout = Layout::of(self.0);
        let room = u32::try_from(room).unwrap_or(u32::MAX).saturating_mul(layout.size);
        let arena = Arena::with(Layout { size: room, ..layout });
        LoweredBatch { arena, layout, count: 0, scratch: Scratch::default() }
    }

    fn add(&self, batch: &mut LoweredBatch, json: &[u8]) -> Result<(), DecodeError> {
        let place = batch.next();
        codec::decode_into(self.0, json, &mut batch.arena, place, &mut batch.scratch)?;
        batch.count += 1;
        Ok(())
    }

    fn add_misfit(&self, batch: &mut LoweredBatch, json: &[u8], misfit: &DecodeError) -> bool {
        let place = batch.next();
        let given = codec::decode_misfit(self.0, json, misfit, &mut batch.arena, place);
        batch.count += u32::from(given);
        given
    }

    fn finish(&self, batch: LoweredBatch) -> Vec<LoweredRecord> {
        batch.arena.settle().records(batch.count as usize, batch.layout.size)
    }
}

/// Adds a record to a batch as its caller wants it: whether it was added, and why it does not fit.
///
/// # Errors
/// It does not fit, and the call is to fail then.
pub(super) fn make<F: Form>(
    form: &F,
    on_misfit: OnMisfit,
    batch: &mut F::Batch,
    json: &[u8],
) -> Result<(bool, Option<DecodeError>), DecodeError> {
    match (form.add(batch, json), on_misfit) {
        (Ok(()), _) => Ok((true, None)),
        (Err(error), OnMisfit::Fail) => Err(error),
        (Err(error), OnMisfit::Skip) => Ok((false, Some(error))),
        (Err(error), OnMisfit::Raw) => Ok((form.add_misfit(batch, json, &error), Some(error))),
    }
}

/// Names the record at a place of the provider's list that does not fit.
pub(super) fn name(id_member: Option<&str>, json: &[u8], place: usize, error: DecodeError) -> Misfit {
    let id = id_member.and_then(|member| codec::shown_id(json, member));
    let DecodeError { path, message: reason, .. } = at(place, error);
    Misfit { id, path, reason }
}
