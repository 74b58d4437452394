//! The contract for WASI 0.2: what `wit/` says with asynchronous functions, streams and futures, said with plain
//! functions and resources.
//!
//! Nothing of it is written by hand. Each package keeps its name, its interfaces and its types, under a version of
//! its own (`0.1.0-p2`), since a function of one flavour cannot be called as one of the other. By rule:
//!
//! - an `async func` becomes a `func`;
//! - a list, `tuple<stream<T>, future<result<E, F>>>`, becomes a resource `T-reader` with
//!   `next(max: u32) -> result<option<list<T>>, F>` and `end() -> result<E, F>`;
//! - a record with a stream of bytes and the future of its end gets a `byte-reader` in their place, with `read` and
//!   `end`;
//! - a record with a stream of bytes alone loses it, and a function that takes such a record returns a resource
//!   `R-writer`, R being what it returned: the bytes go in by `write`, and `end` gives the result.

pub(crate) mod bindings;
pub(crate) mod exports;
mod resource;
pub(crate) mod world;

use resource::{Resource, content, plain, stream_end};
use std::{error::Error, fs, path::Path};
use wit_component::WitPrinter;
use wit_parser::{Function, FunctionKind, InterfaceId, PackageId, Resolve, Type, TypeDefKind, TypeId};

/// What tells its packages from those of WASI 0.3.
const FLAVOUR: &str = "p2";

/// The folders that it is written to, below one folder: those of `wit/`, in the order of their dependencies.
pub(crate) const FOLDERS: [&str; 5] = ["connector", "host", "servicetitan", "asleep", "plugin"];

/// The contract of WASI 0.2, as it was read back from its text.
pub(crate) struct Derived {
    pub(crate) resolve: Resolve,
    /// The package of the component's world.
    pub(crate) plugin: PackageId,
}

/// Reads `wit/` below the root, and writes the contract into a folder.
pub(crate) fn derive(root: &Path, folder: &Path) -> Result<Derived, Box<dyn Error>> {
    let mut resolve = Resolve::default();
    let mut packages = Vec::new();
    for name in FOLDERS {
        let place = root.join("wit").join(name);
        packages.push(match name {
            // Its `deps` are the packages that are known by now.
            "plugin" => resolve.push_file(place.join("plugin.wit"))?,
            _ => resolve.push_dir(place)?.0,
        });
    }
    for (_, package) in resolve.packages.iter_mut() {
        if let Some(version) = &mut package.name.version {
            version.pre = FLAVOUR.parse()?;
        }
    }
    let sent = streams_of_records(&mut resolve)?;
    let interfaces: Vec<InterfaceId> = resolve.interfaces.iter().map(|(id, _)| id).collect();
    for interface in interfaces {
        functions(&mut resolve, interface, &sent)?;
    }
    for (package, name) in packages.into_iter().zip(FOLDERS) {
        let mut printer = WitPrinter::default();
        printer.print(&resolve, package, &[])?;
        let place = folder.join(name);
        fs::create_dir_all(&place)?;
        write_if_changed(&place.join("package.wit"), &String::from(printer.output))?;
    }
    read(folder)
}

/// Reads what was written.
fn read(folder: &Path) -> Result<Derived, Box<dyn Error>> {
    let mut resolve = Resolve::default();
    let mut last = None;
    for name in FOLDERS {
        last = Some(resolve.push_dir(folder.join(name))?.0);
    }
    Ok(Derived { resolve, plugin: last.ok_or("no packages")? })
}

/// Leaves an unchanged file alone: a new time stamp would compile what includes it again.
fn write_if_changed(file: &Path, text: &str) -> std::io::Result<()> {
    match fs::read_to_string(file) {
        Ok(old) if old == text => Ok(()),
        _ => fs::write(file, text),
    }
}

/// Takes the streams out of records; those that were sent to us, and now come in by a writer.
fn streams_of_records(resolve: &mut Resolve) -> Result<Vec<TypeId>, Box<dyn Error>> {
    let mut sent = Vec::new();
    let all: Vec<(InterfaceId, TypeId)> = resolve
        .interfaces
        .iter()
        .flat_map(|(interface, of)| of.types.values().map(move |id| (interface, *id)))
        .collect();
    for (interface, id) in all {
        let TypeDefKind::Record(record) = &resolve.types[id].kind else { continue };
        let mut record = record.clone();
        let Some(stream) = record.fields.iter().position(|field| content(resolve, &field.ty).is_some())
        else {
            continue;
        };
        let end = record.fields.iter().position(|field| stream_end(resolve, &field.ty).is_some());
        match end {
            None => {
                record.fields.remove(stream);
                sent.push(id);
            }
            Some(end) => {
                let fails = stream_end(resolve, &record.fields[end].ty).ok_or("no end")?;
                let reader = Resource::bytes(resolve, fails).add(resolve, interface)?;
                record.fields[stream].ty = reader;
                record.fields.remove(end);
            }
        }
        resolve.types[id].kind = TypeDefKind::Record(record);
    }
    Ok(sent)
}

/// Makes the functions of an interface plain.
fn functions(resolve: &mut Resolve, interface: InterfaceId, sent: &[TypeId]) -> Result<(), Box<dyn Error>> {
    let functions: Vec<Function> = resolve.interfaces[interface].functions.values().cloned().collect();
    for mut function in functions.into_iter().filter(|function| function.kind.resource().is_none()) {
        if function.kind == FunctionKind::AsyncFreestanding {
            function.kind = FunctionKind::Freestanding;
        }
        if let Some((item, end)) = list(resolve, function.result.as_ref()) {
            function.result = Some(Resource::records(resolve, item, end)?.add(resolve, interface)?);
        } else if takes(resolve, &function, sent) {
            let result = function.result.ok_or("no result")?;
            function.result = Some(Resource::writer(resolve, result)?.add(resolve, interface)?);
        }
        resolve.interfaces[interface].functions.insert(function.name.clone(), function);
    }
    Ok(())
}

/// What a list streams, and the result of its future.
fn list(resolve: &Resolve, result: Option<&Type>) -> Option<(Type, Type)> {
    let TypeDefKind::Tuple(tuple) = kind(resolve, result?)? else { return None };
    let [stream, end] = tuple.types.as_slice() else { return None };
    Some((content(resolve, stream)?, stream_end(resolve, end)?))
}

fn takes(resolve: &Resolve, function: &Function, sent: &[TypeId]) -> bool {
    let given = function.params.iter().filter_map(|param| match param.ty {
        Type::Id(id) => Some(plain(resolve, id)),
        _ => None,
    });
    given.into_iter().any(|id| sent.contains(&id))
}

/// What a type is, behind its aliases.
fn kind<'a>(resolve: &'a Resolve, ty: &Type) -> Option<&'a TypeDefKind> {
    match ty {
        Type::Id(id) => Some(&resolve.types[plain(resolve, *id)].kind),
        _ => None,
    }
}
