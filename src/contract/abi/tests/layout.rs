//! Every size and place that is computed here is the one that wit-parser computes.

use crate::{
    contract::{
        AnswerInfo, Attempt, CallOptions, Failure, FailureKind, FieldError, FileInfo, Instant, ListEnd,
        Misfit, OnMisfit, PageInfo, PageRequest, RetryAdvice,
        abi::{Abi, Download, Layout, Places, Upload},
        catalogue::{Operation, Type, operations, providers},
    },
    entry::typed,
};
use std::path::Path;
use wit_parser::{Resolve, SizeAlign, Type as Wit, TypeDefKind};

struct Contract {
    resolve: Resolve,
    sizes: SizeAlign,
}

impl Contract {
    fn read() -> Contract {
        let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("wit");
        let mut resolve = Resolve::default();
        for folder in ["connector", "host"].into_iter().chain(providers()) {
            resolve.push_dir(root.join(folder)).unwrap();
        }
        let mut sizes = SizeAlign::default();
        sizes.fill(&resolve).unwrap();
        Contract { resolve, sizes }
    }

    fn layout(&self, ty: &Wit) -> Layout {
        Layout {
            size: u32::try_from(self.sizes.size(ty).size_wasm32()).unwrap(),
            align: u32::try_from(self.sizes.align(ty).align_wasm32()).unwrap(),
        }
    }

    fn interface(&self, package: &str, name: &str) -> &wit_parser::Interface {
        let package = self.resolve.packages.iter().find(|(_, found)| found.name.name == package).unwrap().1;
        &self.resolve.interfaces[package.interfaces[name]]
    }

    /// What a type is, aliases aside.
    fn kind(&self, ty: &Wit) -> Option<&TypeDefKind> {
        let Wit::Id(id) = ty else { return None };
        match &self.resolve.types[*id].kind {
            TypeDefKind::Type(next) => self.kind(next),
            kind => Some(kind),
        }
    }

    /// Compares a type with its table, and everything in it.
    fn compare(&self, ty: &Type, wit: &Wit, place: &str) {
        assert_eq!(Layout::of(ty), self.layout(wit), "{place}");
        match (ty, self.kind(wit)) {
            (Type::Option(inner), Some(TypeDefKind::Option(wit))) => {
                let offset = self.sizes.payload_offset(wit_parser::Int::U8, [None, Some(wit)]).size_wasm32();
                assert_eq!(Layout::payload(2, Layout::of(inner)) as usize, offset, "{place}");
                self.compare(inner, wit, place);
            }
            (Type::List(inner), Some(TypeDefKind::List(wit))) => self.compare(inner, wit, place),
            (Type::Enum(known), Some(TypeDefKind::Variant(wit))) => {
                assert_eq!(known.cases.len() + 1, wit.cases.len());
                let payload = wit.cases.iter().map(|case| case.ty.as_ref());
                let offset = self.sizes.payload_offset(wit.tag(), payload).size_wasm32();
                let ours = Layout::payload(wit.cases.len(), Layout::LIST);
                assert_eq!(ours as usize, offset, "{place}");
            }
            (Type::Record(record), Some(TypeDefKind::Record(wit))) => {
                assert_eq!(record.fields.len() + usize::from(record.extra), wit.fields.len());
                let types = wit.fields.iter().map(|field| &field.ty);
                let mut places = Places::at(0);
                let offsets = self.sizes.field_offsets(types);
                for ((field, wit), (offset, _)) in record.fields.iter().zip(&wit.fields).zip(&offsets) {
                    let place = format!("{place}.{}", field.name);
                    assert_eq!(places.next(Layout::of(&field.ty)) as usize, offset.size_wasm32(), "{place}");
                    assert_eq!(field.offset as usize, offset.size_wasm32(), "{place}");
                    self.compare(&field.ty, &wit.ty, &place);
                }
                if record.extra {
                    let extra = places.next(Layout::LIST.option()) as usize;
                    assert_eq!(Some(extra), offsets.last().map(|(offset, _)| offset.size_wasm32()));
                    assert_eq!(record.extra_offset() as usize, extra, "{place}");
                }
            }
            (Type::Instant, Some(TypeDefKind::Record(_))) => {}
            (_, None) => {}
            (ty, wit) => panic!("{place}: {ty:?} beside {wit:?}"),
        }
    }

    /// Compares all that a function takes and returns.
    fn function(&self, operation: &Operation, name: &str, whole: bool) {
        let (module, name) = name.split_once('.').unwrap();
        let function = &self.interface(operation.provider, module).functions[name];
        let mut types: Vec<_> =
            operation.path_parameters.iter().map(|placeholder| Some(placeholder.ty)).collect();
        types.extend(operation.query.map(|record| Some(Type::Record(record))));
        types.extend(operation.body.map(Some));
        types.extend(operation.upload.map(|_| None));
        if operation.is_list() && !whole {
            types.push(None);
        }
        types.push(None);
        assert_eq!(types.len(), function.params.len(), "{name}");
        for (ty, parameter) in types.iter().zip(&function.params) {
            let place = format!("{name}({})", parameter.name);
            match ty {
                Some(ty) => self.compare(ty, &parameter.ty, &place),
                None if parameter.name == "body" => {
                    assert_eq!(Upload::LAYOUT, self.layout(&parameter.ty), "{place}");
                }
                None if parameter.name == "page" => {
                    assert_eq!(PageRequest::LAYOUT, self.layout(&parameter.ty), "{place}");
                }
                None => {
                    assert_eq!(parameter.name, "options");
                    assert_eq!(<Option<CallOptions>>::LAYOUT, self.layout(&parameter.ty), "{place}");
                }
            }
        }
        if !whole {
            assert_eq!(typed::result(operation), self.layout(&function.result.unwrap()), "{name}");
        }
    }
}

#[test]
fn every_function_has_the_layout_of_its_wit() {
    let contract = Contract::read();
    let mut functions = 0;
    for operation in providers().flat_map(|provider| operations(provider).unwrap()) {
        contract.function(operation, operation.alias.unwrap_or(operation.name), false);
        if operation.alias.is_some() {
            contract.function(operation, operation.name, true);
        }
        functions += 1;
    }
    assert!(functions >= 585, "{functions}");
}

#[test]
fn the_shared_types_have_the_layout_of_their_wit() {
    let contract = Contract::read();
    let types = &contract.interface("connector", "types").types;
    for (name, layout) in [
        ("answer-info", AnswerInfo::LAYOUT),
        ("attempt", Attempt::LAYOUT),
        ("call-options", CallOptions::LAYOUT),
        ("failure", Failure::LAYOUT),
        ("failure-kind", FailureKind::LAYOUT),
        ("field-error", FieldError::LAYOUT),
        ("instant", Instant::LAYOUT),
        ("list-end", ListEnd::LAYOUT),
        ("misfit", Misfit::LAYOUT),
        ("on-misfit", OnMisfit::LAYOUT),
        ("page-info", PageInfo::LAYOUT),
        ("page-request", PageRequest::LAYOUT),
        ("retry-advice", RetryAdvice::LAYOUT),
    ] {
        assert_eq!(layout, contract.layout(&Wit::Id(types[name])), "{name}");
    }
    let files = &contract.interface("connector", "files").types;
    for (name, layout) in
        [("download", Download::LAYOUT), ("file-info", FileInfo::LAYOUT), ("upload", Upload::LAYOUT)]
    {
        assert_eq!(layout, contract.layout(&Wit::Id(files[name])), "{name}");
    }
}

#[test]
fn a_discriminant_grows_with_the_number_of_cases() {
    let sizes = [1, 0x100, 0x101, 0x1_0000, 0x1_0001].map(|cases| Layout::discriminant(cases).size);
    assert_eq!(sizes, [1, 1, 2, 2, 4]);
}
