//! A caller of the providers' typed functions: values in memory on both sides.

use super::rig::Rig;
use crate::{
    codec::{self, Scratch, lift_normal},
    contract::{
        AnswerInfo, CallOptions, Failure, PageInfo, PageRequest,
        abi::{Abi, Arena, Layout, Memory, Places, tests::Placed},
        catalogue::{Operation, Paging, Type},
    },
    entry::{
        dynamic,
        typed::{self, Arguments},
    },
};

/// Where the parameters and results of a test stand.
const BASE: u32 = 64;

/// The parameters of a function.
pub struct Function {
    operation: &'static Operation,
    whole: bool,
    path: Vec<&'static str>,
    query: &'static str,
    body: &'static str,
    page: PageRequest,
    options: Option<CallOptions>,
}

/// What a function returned.
#[derive(Debug)]
pub struct Returned {
    /// The value in normal form; records as an array.
    pub value: serde_json::Value,
    /// Where it came from.
    pub info: Option<AnswerInfo>,
    /// Where the page stands.
    pub page: Option<PageInfo>,
}

impl Function {
    /// By its name.
    pub fn new(name: &str) -> Function {
        let operation = dynamic::operation("servicetitan", name).unwrap();
        let page = PageRequest { page: None, page_size: None, include_total: false, resume: None };
        let whole = operation.alias.is_some_and(|alias| alias != name);
        Function { operation, whole, path: Vec::new(), query: "{}", body: "{}", page, options: None }
    }

    /// The placeholders of the path, as JSON.
    pub fn path(self, path: &[&'static str]) -> Function {
        Function { path: path.to_vec(), ..self }
    }

    /// The query, as JSON.
    pub fn query(self, query: &'static str) -> Function {
        Function { query, ..self }
    }

    /// The body, as JSON.
    pub fn body(self, body: &'static str) -> Function {
        Function { body, ..self }
    }

    /// The page.
    pub fn page(self, page: PageRequest) -> Function {
        Function { page, ..self }
    }

    /// How the call is made.
    pub fn options(self, options: CallOptions) -> Function {
        Function { options: Some(options), ..self }
    }

    /// As the function gets them. Everything that it was lent is released.
    pub fn arguments(&self) -> Arguments {
        let placed = Placed::at(BASE, self.parameters());
        let arguments = self.lift(&placed, BASE);
        placed.assert_released(0);
        arguments
    }

    /// What the function makes of its parameters.
    pub fn lift(&self, memory: &dyn Memory, at: u32) -> Arguments {
        Arguments::lift(self.operation, self.whole, memory, at).unwrap()
    }

    /// The parameters, as they stand in memory.
    pub fn parameters(&self) -> Arena {
        let operation = self.operation;
        let values = operation.path_parameters.iter().map(|placeholder| placeholder.ty).zip(&self.path);
        let query = operation.query.map(|record| (Type::Record(record), &self.query));
        let body = operation.body.map(|ty| (ty, &self.body));
        let values: Vec<(Type, &str)> =
            values.chain(query).chain(body).map(|(ty, json)| (ty, *json)).collect();
        let page = (operation.is_list() && !self.whole).then_some(&self.page);

        let mut size = values.iter().fold(Layout::EMPTY, |size, (ty, _)| size.field(Layout::of(ty)));
        if page.is_some() {
            size = size.field(PageRequest::LAYOUT);
        }
        let mut arena = Arena::with(size.field(<Option<CallOptions>>::LAYOUT).end());
        let mut places = Places::at(0);
        for (ty, json) in values {
            let (place, scratch) = (places.next(Layout::of(&ty)), &mut Scratch::default());
            codec::decode_into(&ty, json.as_bytes(), &mut arena, place, scratch).unwrap();
        }
        if let Some(page) = page {
            page.lower(&mut arena, places.next(PageRequest::LAYOUT));
        }
        self.options.lower(&mut arena, places.next(<Option<CallOptions>>::LAYOUT));
        arena
    }

    /// Calls.
    pub async fn call(self, rig: &Rig) -> Result<Returned, Failure> {
        let arena = typed::answer(&rig.client, self.operation, self.arguments()).await;
        rig.noted(self.returned(arena))
    }

    /// What a caller reads from the result.
    fn returned(&self, arena: Arena) -> Result<Returned, Failure> {
        let operation = self.operation;
        let result = typed::result(operation);
        let placed = Placed::at(BASE, arena);
        let memory = &placed;
        // A failure has an alignment of 8, and stands behind the discriminant.
        let start = BASE + 8;
        let failed = bool::lift(memory, BASE).unwrap();
        if failed {
            let failure = Failure::lift(memory, start).unwrap();
            placed.assert_released(result.size);
            return Err(failure);
        }
        let mut places = Places::at(start);
        let mut returned = Returned { value: serde_json::Value::Null, info: None, page: None };
        if let Some(ty) = &operation.answer {
            let list = (operation.paging != Paging::None).then(|| Type::List(Box::leak(Box::new(*ty))));
            let ty = list.unwrap_or(*ty);
            let normal = lift_normal(&ty, memory, places.next(Layout::of(&ty)));
            returned.value = serde_json::from_str(&normal).unwrap();
            if operation.is_list() {
                returned.page = Some(PageInfo::lift(memory, places.next(PageInfo::LAYOUT)).unwrap());
            } else if operation.effect == crate::contract::catalogue::Effect::Read {
                returned.info = Some(AnswerInfo::lift(memory, places.next(AnswerInfo::LAYOUT)).unwrap());
            }
        }
        let info = returned.page.as_ref().map(|page| &page.answer).or(returned.info.as_ref());
        // The room of records that were left out is not pointed to; it goes with all the rest.
        if info.is_none_or(|info| info.misfits == 0) {
            placed.assert_released(result.size);
        }
        Ok(returned)
    }
}
