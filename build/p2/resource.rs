//! Resources in the place of streams.

use super::kind;
use std::error::Error;
use wit_parser::{
    Docs, Function, FunctionKind, Handle, InterfaceId, Param, Resolve, Result_, Type, TypeDef, TypeDefKind,
    TypeId, TypeOwner,
};

/// A resource that is to be added to an interface.
pub(crate) struct Resource {
    name: String,
    docs: String,
    methods: Vec<Method>,
}

struct Method {
    name: &'static str,
    docs: &'static str,
    param: Option<(&'static str, Shape)>,
    result: Shape,
}

/// A type that is yet to be made.
#[derive(Clone, Copy)]
enum Shape {
    Known(Type),
    List(Type),
    /// `result<option<list<T>>, F>`
    Some(Type, Option<Type>),
}

impl Resource {
    /// Of records, by what a list streams and the result of its future.
    pub(crate) fn records(resolve: &Resolve, item: Type, end: Type) -> Result<Resource, Box<dyn Error>> {
        let name = name(resolve, &item).ok_or("a list streams a named type")?;
        Ok(Resource {
            docs: format!(
                "A read of `{name}` records, which goes on while a function of it runs. Dropping it cancels it."
            ),
            name: format!("{name}-reader"),
            methods: vec![
                Method {
                    name: "next",
                    docs: "The next records: `max` at most, and one at least; none after the last one. After a \
                           failure, and where there are none, `end` says how the read ended.",
                    param: Some(("max", Shape::Known(Type::U32))),
                    result: Shape::Some(item, failure(resolve, &end)),
                },
                Method {
                    name: "end",
                    docs: "Ends the read behind the records that were given, if it has not ended, and says how it \
                           did and where to go on. The same again when it is asked again.",
                    param: None,
                    result: Shape::Known(end),
                },
            ],
        })
    }

    /// Of the bytes of a file, by the result of their future.
    pub(crate) fn bytes(resolve: &Resolve, end: Type) -> Resource {
        Resource {
            name: "byte-reader".to_owned(),
            docs: "The bytes of a file. They are fetched as fast as they are read. Dropping it cancels the rest."
                .to_owned(),
            methods: vec![
                Method {
                    name: "read",
                    docs: "The next bytes: `max` at most, and one at least; none after the last one, and then all \
                           of them came.",
                    param: Some(("max", Shape::Known(Type::U32))),
                    result: Shape::Some(Type::U8, failure(resolve, &end)),
                },
                Method {
                    name: "end",
                    docs: "Ends the reading, and says whether all of them came.",
                    param: None,
                    result: Shape::Known(end),
                },
            ],
        }
    }

    /// Of what is sent, by what the function returns that takes it.
    pub(crate) fn writer(resolve: &Resolve, result: Type) -> Result<Resource, Box<dyn Error>> {
        let Some(TypeDefKind::Result(Result_ { ok: Some(ok), .. })) = kind(resolve, &result) else {
            return Err("what takes a file returns a result".into());
        };
        let name = name(resolve, ok).ok_or("what takes a file returns a named type")?;
        Ok(Resource {
            name: format!("{name}-writer"),
            docs: "A file that is being sent, by a call whose time runs. Dropping it cancels it.".to_owned(),
            methods: vec![
                Method {
                    name: "write",
                    docs: "Sends the next bytes, and returns when they are taken: they are held once. False when \
                           no more are wanted: `end` says why.",
                    param: Some(("bytes", Shape::List(Type::U8))),
                    result: Shape::Known(Type::Bool),
                },
                Method {
                    name: "end",
                    docs: "There are no more bytes: what came of the call. To be asked once.",
                    param: None,
                    result: Shape::Known(result),
                },
            ],
        })
    }

    /// Adds it, unless it is there; a handle that owns one.
    pub(crate) fn add(self, resolve: &mut Resolve, interface: InterfaceId) -> Result<Type, Box<dyn Error>> {
        let of = &resolve.interfaces[interface];
        if let Some(id) = of.types.get(&self.name).copied() {
            return match resolve.types[id].kind {
                TypeDefKind::Resource => Ok(own(resolve, id)),
                _ => Err(format!("{} is the name of a type already", self.name).into()),
            };
        }
        let owner = TypeOwner::Interface(interface);
        let id = define(resolve, Some(self.name.clone()), owner, TypeDefKind::Resource, self.docs);
        resolve.interfaces[interface].types.insert(self.name.clone(), id);
        for method in self.methods {
            let this = shape(resolve, TypeDefKind::Handle(Handle::Borrow(id)));
            let mut params = vec![param("self", this)];
            if let Some((name, shape)) = method.param {
                params.push(param(name, shape.make(resolve)));
            }
            let function = Function {
                name: format!("[method]{}.{}", self.name, method.name),
                kind: FunctionKind::Method(id),
                params,
                result: Some(method.result.make(resolve)),
                docs: docs(method.docs),
                stability: Default::default(),
                span: Default::default(),
                external_id: None,
            };
            resolve.interfaces[interface].functions.insert(function.name.clone(), function);
        }
        Ok(own(resolve, id))
    }
}

impl Shape {
    fn make(self, resolve: &mut Resolve) -> Type {
        match self {
            Shape::Known(ty) => ty,
            Shape::List(item) => shape(resolve, TypeDefKind::List(item)),
            Shape::Some(item, err) => {
                let list = shape(resolve, TypeDefKind::List(item));
                let ok = Some(option(resolve, list));
                shape(resolve, TypeDefKind::Result(Result_ { ok, err }))
            }
        }
    }
}

fn option(resolve: &mut Resolve, ty: Type) -> Type {
    shape(resolve, TypeDefKind::Option(ty))
}

/// What a stream gives.
pub(crate) fn content(resolve: &Resolve, ty: &Type) -> Option<Type> {
    match kind(resolve, ty)? {
        TypeDefKind::Stream(item) => *item,
        _ => None,
    }
}

/// What a future gives.
pub(crate) fn stream_end(resolve: &Resolve, ty: &Type) -> Option<Type> {
    match kind(resolve, ty)? {
        TypeDefKind::Future(result) => *result,
        _ => None,
    }
}

/// The `err` side of a result.
pub(crate) fn failure(resolve: &Resolve, result: &Type) -> Option<Type> {
    match kind(resolve, result)? {
        TypeDefKind::Result(result) => result.err,
        _ => None,
    }
}

/// Follows aliases to the definition.
pub(crate) fn plain(resolve: &Resolve, id: TypeId) -> TypeId {
    match resolve.types[id].kind {
        TypeDefKind::Type(Type::Id(next)) => plain(resolve, next),
        _ => id,
    }
}

fn name<'a>(resolve: &'a Resolve, ty: &Type) -> Option<&'a str> {
    match ty {
        Type::Id(id) => resolve.types[*id].name.as_deref(),
        _ => None,
    }
}

fn own(resolve: &mut Resolve, resource: TypeId) -> Type {
    shape(resolve, TypeDefKind::Handle(Handle::Own(resource)))
}

/// A type without a name.
fn shape(resolve: &mut Resolve, kind: TypeDefKind) -> Type {
    Type::Id(define(resolve, None, TypeOwner::None, kind, String::new()))
}

fn define(
    resolve: &mut Resolve,
    name: Option<String>,
    owner: TypeOwner,
    kind: TypeDefKind,
    text: String,
) -> TypeId {
    resolve.types.alloc(TypeDef {
        name,
        kind,
        owner,
        docs: docs(&text),
        stability: Default::default(),
        span: Default::default(),
        external_id: None,
    })
}

fn docs(text: &str) -> Docs {
    Docs { contents: (!text.is_empty()).then(|| text.to_owned()) }
}

fn param(name: &str, ty: Type) -> Param {
    Param { name: name.to_owned(), ty, span: Default::default() }
}
