//! A small document of our own making, in and out.
#![allow(clippy::unwrap_used, reason = "a test that cannot go on fails")]

use penstock_import::{Document, Module, Overrides, check, endpoints, module};

const SHARED: &str = "package penstock:connector@0.1.0;
interface types {
    type json = string; type decimal = string; record instant { seconds: s64 } record date { year: s32 }
    record failure { message: string } record list-end { resume: string } record page-info { resume: string }
    record page-request { page: u32 } record answer-info { age: u32 } record call-options { account: string }
}
interface files {
    record download { name: string } record upload { name: string }
}";

const SHOP: &str = r##"{
  "openapi": "3.0.1",
  "servers": [{"url": "https://shop.example/shop/v2"}],
  "paths": {
    "/tenant/{tenant}/orders": {
      "get": {"operationId": "Orders_GetList", "parameters": [
          {"name": "page", "in": "query", "schema": {"type": "integer", "format": "int32"}},
          {"name": "pageSize", "in": "query", "schema": {"type": "integer", "format": "int32"}},
          {"name": "includeTotal", "in": "query", "schema": {"type": "boolean"}},
          {"name": "ids", "in": "query", "schema": {"type": "string"}},
          {"name": "active", "in": "query", "schema": {"type": "string", "enum": ["True", "Any", "False"]}},
          {"name": "type", "in": "query", "required": true, "schema": {"$ref": "#/components/schemas/Shop.V2.OrderType"}}
        ],
        "responses": {"200": {"content": {"application/json": {"schema": {"$ref": "#/components/schemas/Page_Of_Shop.V2.OrderResponse"}}}}}},
      "post": {"operationId": "Orders_Create",
        "requestBody": {"content": {"application/json": {"schema": {"$ref": "#/components/schemas/Shop.V2.OrderCreateRequest"}}}},
        "responses": {"200": {"content": {"application/json": {"schema": {"$ref": "#/components/schemas/Shop.V2.OrderResponse"}}}}}}
    },
    "/tenant/{tenant}/orders/{id}": {
      "patch": {"operationId": "Orders_Update",
        "parameters": [{"name": "id", "in": "path", "required": true, "schema": {"type": "integer", "format": "int64"}}],
        "requestBody": {"content": {"application/json": {"schema": {"$ref": "#/components/schemas/Shop.V2.OrderUpdateRequest"}}}},
        "responses": {"200": {}}}
    },
    "/tenant/{tenant}/orders/{id}/cancel": {
      "put": {"operationId": "Orders_Cancel",
        "parameters": [{"name": "id", "in": "path", "required": true, "schema": {"type": "integer", "format": "int64"}}],
        "responses": {"200": {}}}
    },
    "/tenant/{tenant}/export/orders": {
      "get": {"operationId": "Export_Orders",
        "parameters": [{"name": "from", "in": "query", "schema": {"type": "string"}}],
        "responses": {"200": {"content": {"application/json": {"schema": {"$ref": "#/components/schemas/Feed_Of_Shop.V2.OrderResponse"}}}}}}
    },
    "/tenant/{tenant}/orders/{id}/receipt": {
      "get": {"operationId": "Orders_GetReceipt",
        "parameters": [{"name": "id", "in": "path", "required": true, "schema": {"type": "integer", "format": "int64"}}],
        "responses": {"302": {}}}
    }
  },
  "components": {"schemas": {
    "Page_Of_Shop.V2.OrderResponse": {"type": "object", "properties": {
      "page": {"type": "integer"}, "hasMore": {"type": "boolean"},
      "data": {"type": "array", "items": {"$ref": "#/components/schemas/Shop.V2.OrderResponse"}}}},
    "Feed_Of_Shop.V2.OrderResponse": {"type": "object", "properties": {
      "hasMore": {"type": "boolean"}, "continueFrom": {"type": "string"},
      "data": {"type": "array", "items": {"$ref": "#/components/schemas/Shop.V2.OrderResponse"}}}},
    "Shop.V2.OrderResponse": {"type": "object", "properties": {
      "id": {"type": "integer", "format": "int64"},
      "customerPO": {"type": "string", "nullable": true},
      "type": {"$ref": "#/components/schemas/Shop.V2.OrderType"},
      "total": {"type": "number", "format": "decimal"},
      "createdOn": {"type": "string", "format": "date-time"},
      "parts": {"type": "array", "items": {"$ref": "#/components/schemas/Shop.V2.OrderResponse"}}}},
    "Shop.V2.OrderType": {"type": "string", "enum": ["OnLine", "Other"]},
    "Shop.V2.OrderCreateRequest": {"type": "object", "required": ["name"], "properties": {
      "name": {"type": "string"}, "memo": {"type": "string", "nullable": true}}},
    "Shop.V2.OrderUpdateRequest": {"type": "object", "properties": {
      "name": {"type": "string"}, "memo": {"type": "string", "nullable": true}}}
  }}
}"##;

fn made(document: &str, overrides: &Module) -> String {
    module("shop", &Document::parse(document).unwrap(), overrides, "").unwrap()
}

fn has(wit: &str, part: &str) {
    assert!(wit.contains(part), "{part}\nis not in\n{wit}");
}

#[test]
fn a_list_is_a_page_and_a_stream() {
    let wit = made(SHOP, &Module::default());
    has(
        &wit,
        "/// @http GET /shop/v2/tenant/{tenant}/orders\n    /// @page numbered\n    /// @effect read\n    orders-page: async func(query: orders-query, page: page-request, options: option<call-options>) -> result<order-page, failure>;",
    );
    has(
        &wit,
        "/// @all orders-page\n    orders-list: async func(query: orders-query, options: option<call-options>) -> tuple<stream<order>, future<result<list-end, failure>>>;",
    );
    has(&wit, "/// @comma 50\n        ids: list<s64>,");
    has(&wit, "/// @list-default Any\n        active: option<active-filter>,");
    has(&wit, "%type: order-type,");
}

#[test]
fn what_is_written_by_hand_stands_at_the_end_with_the_types_that_it_names() {
    let of_a_day = "/// Which.\nrecord day-query {\n    /// The day.\n    day: date,\n}\n";
    let wit = module("shop", &Document::parse(SHOP).unwrap(), &Module::default(), of_a_day).unwrap();
    assert!(wit.ends_with(
        "\n\n    /// Which.\n    record day-query {\n        /// The day.\n        day: date,\n    }\n}\n"
    ));
    has(&wit, ", date, decimal, ");
}

#[test]
fn answers_rely_on_ids_alone_and_bodies_on_what_is_required() {
    let wit = made(SHOP, &Module::default());
    has(&wit, "        id: s64,");
    has(&wit, "/// @wire customerPO\n        customer-po: option<string>,");
    has(&wit, "total: option<decimal>,");
    has(&wit, "created-on: option<instant>,");
    has(
        &wit,
        "record create-order {\n        /// Its name.\n        name: string,\n        /// Memo.\n        memo: option<string>,",
    );
    has(&wit, "memo: option<option<string>>,");
    has(&wit, "        on-line,\n");
    has(&wit, "/// @wire Other\n        other-value,\n");
}

#[test]
fn a_record_that_holds_itself_holds_json() {
    has(&made(SHOP, &Module::default()), "a WIT type cannot contain itself.\n        parts: list<json>,");
}

#[test]
fn effects_follow_what_is_done() {
    let wit = made(SHOP, &Module::default());
    has(
        &wit,
        "/orders/{id}/cancel\n    /// @effect action\n    orders-cancel: async func(id: s64, options: option<call-options>) -> result<_, failure>;",
    );
    has(&wit, "/export/orders\n    /// @page export\n    /// @effect read\n    export-orders-page:");
    has(
        &wit,
        "/// @effect read\n    /// @file\n    orders-get-receipt: async func(id: s64, options: option<call-options>) -> result<download, failure>;",
    );
}

#[test]
fn the_overrides_go_before_the_rules() {
    let overrides = Overrides::parse(
        "[shop.operations]\nOrders_Cancel = { name = \"orders-call-off\", effect = \"delete\" }\n\
         Orders_GetList = { any-of = [\"ids\"], max-page-size = 500 }",
    );
    let overrides = overrides.unwrap();
    let wit = made(SHOP, overrides.modules.get("shop").unwrap());
    has(&wit, "/// @effect delete\n    orders-call-off:");
    has(&wit, "/// @max-page-size 500\n    /// @any-of ids\n    orders-page:");
    assert!(Overrides::parse("[shop.operations]\nOrders_Cancel = { nmae = \"x\" }").is_err());
}

#[test]
fn a_list_that_takes_no_total_says_so() {
    assert!(!made(SHOP, &Module::default()).contains("@uncounted"));
    let uncounted = SHOP.replace("\"includeTotal\"", "\"remark\"");
    has(&made(&uncounted, &Module::default()), "/// @uncounted\n    orders-page:");
}

#[test]
fn additions_extend_what_is_marked_and_replace_the_rest() {
    let additions = r##"{"openapi": "3.0.1", "servers": [{"url": "/shop/v2"}],
      "paths": {"/tenant/{tenant}/orders": {"get": {"x-adds": true,
        "parameters": [{"name": "newFilter", "in": "query", "schema": {"type": "boolean"}}]}}},
      "components": {"schemas": {"Shop.V2.OrderResponse": {"x-adds": true,
        "properties": {"newField": {"type": "string"}}}}}}"##;
    let mut document = Document::parse(SHOP).unwrap();
    document.add(&Document::parse(additions).unwrap());
    let wit = module("shop", &document, &Module::default(), "").unwrap();
    for line in ["new-filter: option<bool>,", "new-field: option<string>,", "customer-po: option<string>,"] {
        has(&wit, line);
    }
    has(&wit, "list<s64>,\n");
    let mut replaced = Document::parse(SHOP).unwrap();
    replaced.add(&Document::parse(&additions.replace("\"x-adds\": true,", "")).unwrap());
    assert!(module("shop", &replaced, &Module::default(), "").is_err(), "an operation without an id");
}

#[test]
fn two_operations_of_one_name_are_refused() {
    let twice = SHOP.replace("Orders_Cancel", "Orders_Update");
    let error = module("shop", &Document::parse(&twice).unwrap(), &Module::default(), "").unwrap_err();
    assert!(format!("{error:#}").contains("`orders-update` is taken"), "{error:#}");
}

#[test]
fn what_is_no_document_is_refused() {
    assert!(Document::parse("<html>").is_err());
    assert!(Document::parse(r#"{"swagger": "2.0", "paths": {}}"#).is_err());
    assert!(Document::parse(r#"{"openapi": "3.0.1"}"#).is_err());
}

#[test]
fn a_newer_document_is_compared_part_by_part() {
    let ours = endpoints(SHARED, &made(SHOP, &Module::default())).unwrap();
    let again = endpoints(SHARED, &made(SHOP, &Module::default())).unwrap();
    assert_eq!(check(&ours, &again), "");
    let newer = SHOP
        .replace("\"memo\"", "\"remark\"")
        .replace("\"format\": \"decimal\"", "\"format\": \"decimal\", \"x\": 1")
        .replace("\"type\": \"number\"", "\"type\": \"string\"")
        .replace("/orders/{id}/receipt", "/orders/{id}/bill");
    let theirs = endpoints(SHARED, &made(&newer, &Module::default())).unwrap();
    let differences = check(&ours, &theirs);
    for line in [
        "+ GET /shop/v2/tenant/{tenant}/orders/{id}/bill (orders-get-receipt)",
        "- GET /shop/v2/tenant/{tenant}/orders/{id}/receipt (orders-get-receipt)",
        "+ PATCH /shop/v2/tenant/{tenant}/orders/{id} body.remark: string",
        "- PATCH /shop/v2/tenant/{tenant}/orders/{id} body.memo: string",
        "~ GET /shop/v2/tenant/{tenant}/orders answer.items[].total: decimal is now string",
    ] {
        assert!(differences.lines().any(|found| found == line), "{line}\nis not in\n{differences}");
    }
}
