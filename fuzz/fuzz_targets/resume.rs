//! The text from which a read goes on: whatever is accepted is what Penstock made.
#![no_main]

use libfuzzer_sys::fuzz_target;
use penstock::policy::{limits::Limits, resume::Resume};

fuzz_target!(|text: &str| {
    if let Ok(resume) = Resume::decode(text, &Limits::DEFAULT) {
        let again = Resume::decode(&resume.encode(), &Limits::DEFAULT);
        assert_eq!(again.as_ref(), Ok(&resume));
    }
});
