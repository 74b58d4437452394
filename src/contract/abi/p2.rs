//! What stands otherwise in memory for WASI 0.2: a file that is given has a handle to read it by, and one that is
//! taken comes without its bytes.

use super::{Abi, AbiError, Arena, Handle, Layout, Memory, Places, shared};
use crate::contract::FileInfo;

include!(concat!(env!("OUT_DIR"), "/shared_p2.rs"));

/// A result has the same room in both flavours: that of a failure.
const _: () = assert!(Download::LAYOUT.size <= <crate::contract::Failure as Abi>::LAYOUT.size);

/// Its bytes come by a resource. 0 is no handle in any component.
impl From<Upload> for shared::Upload {
    fn from(upload: Upload) -> shared::Upload {
        let Upload { file_name, content_type, length } = upload;
        shared::Upload { file_name, content_type, length, content: Handle(0) }
    }
}
