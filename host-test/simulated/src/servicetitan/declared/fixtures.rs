//! The fixtures, one a module of the provider.

/// The module and what the provider declares of it: names, methods and types only.
pub(super) const ALL: [(&str, &str); 24] = [
    ("accounting", include_str!("../fixture/accounting.json")),
    ("crm", include_str!("../fixture/crm.json")),
    ("customer-interactions", include_str!("../fixture/customer-interactions.json")),
    ("dispatch", include_str!("../fixture/dispatch.json")),
    ("equipmentsystems", include_str!("../fixture/equipmentsystems.json")),
    ("findings", include_str!("../fixture/findings.json")),
    ("forms", include_str!("../fixture/forms.json")),
    ("inventory", include_str!("../fixture/inventory.json")),
    ("jbce", include_str!("../fixture/jbce.json")),
    ("jpm", include_str!("../fixture/jpm.json")),
    ("marketing", include_str!("../fixture/marketing.json")),
    ("marketingads", include_str!("../fixture/marketingads.json")),
    ("marketingreputation", include_str!("../fixture/marketingreputation.json")),
    ("memberships", include_str!("../fixture/memberships.json")),
    ("payroll", include_str!("../fixture/payroll.json")),
    ("pricebook", include_str!("../fixture/pricebook.json")),
    ("reporting", include_str!("../fixture/reporting.json")),
    ("sales", include_str!("../fixture/sales.json")),
    ("schedulingpro", include_str!("../fixture/schedulingpro.json")),
    ("service-agreements", include_str!("../fixture/service-agreements.json")),
    ("settings", include_str!("../fixture/settings.json")),
    ("taskmanagement", include_str!("../fixture/taskmanagement.json")),
    ("telecom", include_str!("../fixture/telecom.json")),
    ("timesheets", include_str!("../fixture/timesheets.json")),
];
