//! A finding in the words that one recipient may read, on a list or in a notice.

use super::gate::Gate;
use super::input::RuleFacts;
use super::template::ListTemplate;
use crate::domain::Finding;

/// Stands for the title of a rule of which the recipient may not know.
const NEUTRAL_TITLE: &str = "家庭监护状况待核实";
/// Stands for a value of a sentence that the recipient may not see.
const WITHHELD: &str = "（略）";

impl Gate<'_> {
    /// Whether the recipient may know what the rule is about.
    pub(super) fn sees(self, rule: &RuleFacts) -> bool {
        rule.discloses.iter().all(|class| self.knows(class))
    }

    /// Title of the rule as the recipient may see it.
    pub(super) fn title(self, rule: &RuleFacts) -> String {
        if self.sees(rule) { self.redact(&rule.title) } else { NEUTRAL_TITLE.to_owned() }
    }

    /// The sentence without the values that the list does not know or the recipient may not see; `None` where
    /// the rule or a row it rests on says more than the recipient may know. Rules read some sources only where
    /// they came, so the rule alone does not tell.
    pub(super) fn sentence(
        self,
        rule: &RuleFacts,
        finding: &Finding,
        template: &ListTemplate,
    ) -> Option<String> {
        if !self.sees_all(rule, finding) {
            return None;
        }
        let withheld = |name: &str| template.class_of(name).is_none_or(|class| !self.knows(class));
        Some(self.redact(&finding.reason.without(withheld, WITHHELD)))
    }

    /// What to look at before answering; empty where the sentence is withheld too.
    pub(super) fn verify(self, rule: &RuleFacts, finding: &Finding) -> String {
        if self.sees_all(rule, finding) { self.redact(&rule.verify.join("；")) } else { String::new() }
    }

    /// Whether the recipient may know what the rule is about, and of every row the finding rests on.
    fn sees_all(self, rule: &RuleFacts, finding: &Finding) -> bool {
        self.sees(rule) && finding.evidence().iter().all(|e| self.may_name_source(&e.extract))
    }

    /// One value of the rule's SELECT, without words that the recipient may not read.
    pub(super) fn detail(self, finding: &Finding, name: &str) -> Option<String> {
        let value = &finding.details.iter().find(|detail| detail.name == name)?.value;
        (!value.is_empty()).then(|| self.redact(value))
    }

    /// `标题：值；…` of the values that the template lists and the recipient may see.
    pub(super) fn details(self, finding: &Finding, template: &ListTemplate) -> String {
        self.listed(finding, template, |_| true)
    }

    /// The same without what columns of the list show.
    pub(super) fn other_details(self, finding: &Finding, template: &ListTemplate) -> String {
        self.listed(finding, template, |name| !template.has_column_of(name))
    }

    fn listed(self, finding: &Finding, template: &ListTemplate, wanted: impl Fn(&str) -> bool) -> String {
        let mut parts = Vec::new();
        for detail in finding.details.iter().filter(|detail| wanted(&detail.name)) {
            let Some(spec) = template.detail.get(&detail.name) else { continue };
            if !self.knows(&spec.class) {
                continue;
            }
            if let Some(value) = self.detail(finding, &detail.name) {
                parts.push(format!("{}：{value}", spec.title));
            }
        }
        parts.join("；")
    }
}
