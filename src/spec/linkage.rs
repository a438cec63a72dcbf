//! How persons are linked: the settings, and the frozen model that fits them.

use super::compile::Draft;
use super::raw::LinkFile;
use super::schemas::Schemas;
use super::toml_check::{KeyLines, check_toml_at};
use crate::diag::{Diagnostic, Spot};
use crate::link::{LinkModel, Settings};
use crate::rule::RoleRef;

/// Settings and model of a plan.
pub(super) struct Link {
    pub(super) settings: Settings,
    pub(super) model: LinkModel,
}

impl Link {
    /// Reads both; `None` when one of them cannot be read. Other problems are told and do not hinder it.
    pub(super) fn read(draft: &mut Draft, schemas: &Schemas) -> Option<Self> {
        let settings = read_settings(draft, schemas);
        let model = read_model(draft, settings.as_ref());
        Some(Self { settings: settings?, model: model? })
    }
}

fn read_settings(draft: &mut Draft, schemas: &Schemas) -> Option<Settings> {
    let written = draft.raw.link.settings.clone();
    let path = draft.path("link.settings", &written)?;
    let text = draft.text("link.settings", &path, "the link settings", "link")?;
    let file = path.display().to_string();
    let (settings, lines) = match check_toml_at::<LinkFile>(&file, &text, 0) {
        Ok((file, lines)) => (file.link, lines),
        Err(found) => {
            draft.problems.extend(found);
            return None;
        }
    };
    draft.problems.extend(located(settings.problems(&file), &lines));
    if let Some(reference) = &settings.reference {
        check_reference(draft, schemas, reference, lines.spot("link.reference"));
    }
    Some(settings)
}

/// The mentions that stand for the whole population have to exist, and should be pulled.
fn check_reference(draft: &mut Draft, schemas: &Schemas, reference: &str, spot: Spot) {
    let Ok(role) = RoleRef::try_from(reference.to_owned()) else {
        let message = format!("`{reference}` is not of the form `extract.role`");
        draft.problems.push(Diagnostic::error("unknown_role", spot, message));
        return;
    };
    if schemas.broken.contains(&role.extract) || schemas.files.is_empty() {
        return;
    }
    let Some(contract) = schemas.contracts.get(&role.extract) else {
        let message = format!("`{}` is no extract", role.extract);
        let fault = Diagnostic::error("unknown_extract", spot, message);
        draft.problems.push(fault.with_near(&role.extract, schemas.contracts.keys().map(String::as_str)));
        return;
    };
    let roles = contract.mention.iter().map(|mention| mention.role.as_str());
    if !roles.clone().any(|known| known == role.role) {
        let message = format!("`{}` is no role of `{}`", role.role, role.extract);
        draft.problems.push(Diagnostic::error("unknown_role", spot, message).with_near(&role.role, roles));
    } else if !draft.pulls(&role.extract) {
        let message = format!(
            "`{}` is not pulled; the frequency of names is counted over all persons found",
            role.extract
        );
        draft.problems.push(Diagnostic::warning("reference_not_pulled", spot, message));
    }
}

fn read_model(draft: &mut Draft, settings: Option<&Settings>) -> Option<LinkModel> {
    let (key, written) = match (&draft.raw.link.model, settings) {
        (Some(model), _) => ("link.model", model.clone()),
        (None, Some(settings)) => ("link", format!("models/{}.toml", settings.model)),
        (None, None) => return None,
    };
    let path = draft.path(key, &written)?;
    let text = draft.text(key, &path, "the link model", "model")?;
    let file = path.display().to_string();
    let (model, lines) = match check_toml_at::<LinkModel>(&file, &text, 0) {
        Ok(read) => read,
        Err(found) => {
            draft.problems.extend(found);
            return None;
        }
    };
    if let Some(settings) = settings {
        draft.problems.extend(located(model.problems(settings, &file), &lines));
        if model.name != settings.model {
            let message =
                format!("the settings ask for the model `{}`, this is `{}`", settings.model, model.name);
            draft.problems.push(Diagnostic::error("model_name", lines.spot("name"), message));
        }
    }
    Some(model)
}

/// Problems that name a key, with its line.
fn located(problems: Vec<Diagnostic>, lines: &KeyLines) -> impl Iterator<Item = Diagnostic> {
    problems.into_iter().map(|mut problem| {
        problem.spot.line = lines.spot(&problem.spot.column).line;
        problem
    })
}
