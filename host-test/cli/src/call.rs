//! `penstock call`: one operation, one answer.

use crate::{
    asked::Asked,
    grace::Grace,
    misfits::count_on_stderr,
    output::Output,
    report::Unprinted,
    result_line::page_of,
    stopping::Stopping,
    target::{MisfitChoice, Target},
    text,
    told::note,
};
use anyhow::{Context, Result};
use clap::Args;
use penstock_host::bindings::types::{AnswerInfo, AnswerSource, PageInfo};
use serde_json::json;

#[derive(Args)]
pub(crate) struct Call {
    #[command(flatten)]
    asked: Asked,
    /// The body: JSON, `@FILE`, or `@-` for standard input; 64 MiB at most.
    #[arg(long, short, value_name = "JSON|@FILE")]
    body: Option<String>,
    /// This write may be applied twice: send it again even if its outcome is unknown.
    #[arg(long)]
    allow_resend: bool,
    /// While the vendor is down, answer with this JSON. For reads only.
    #[arg(long, value_name = "JSON")]
    fallback: Option<String>,
    /// What becomes of an answer that does not fit the contract, or of a record in it.
    #[arg(long, value_enum, default_value = "fail")]
    on_misfit: MisfitChoice,
    #[command(flatten)]
    grace: Grace,
    #[command(flatten)]
    target: Target,
}

impl Call {
    pub(crate) async fn run(self, stopping: &Stopping) -> Result<()> {
        let body = text::body(self.body.as_deref(), stopping).await?;
        let plugin = stopping.unless_asked(self.target.plugin()).await??;
        let Asked { provider_name, operation, parameters } = &self.asked;
        let mut options = self.target.options(None);
        options.allow_resend = self.allow_resend;
        options.fallback = self.fallback;
        options.on_misfit = Some(self.on_misfit.into());
        let call = plugin.invoke(provider_name, operation, parameters.clone(), body, Some(options));
        let _write = self.asked.begin(stopping);
        let answer = self.grace.call(&self.asked, stopping, &plugin, call).await??;
        if let Some(body) = answer.body {
            let mut output = Output::stdout(stopping);
            let written = output.line(&body).and_then(|()| output.flush());
            written.with_context(|| Unprinted::of(provider_name, operation))?;
        }
        tell_source(&answer.info);
        count_on_stderr(answer.info.misfits, &answer.info.first_misfits);
        if let Some(page) = &answer.page {
            tell_page(page);
        }
        Ok(())
    }
}

fn tell_source(info: &AnswerInfo) {
    if info.source != AnswerSource::Vendor {
        let (source, age_ms) = (info.source.name(), info.age_ms);
        let degraded = if info.degraded { ", degraded" } else { "" };
        let members = json!({ "source": source, "ageMs": age_ms, "degraded": info.degraded });
        note("source", members, format_args!("from the {source}{degraded}, {age_ms} ms old"));
    }
}

fn tell_page(page: &PageInfo) {
    let PageInfo { page: number, has_more, resume, .. } = page;
    let text = format_args!("page {number}, more follow: {has_more}, resume: {resume}");
    note("page", page_of(page), text);
}
