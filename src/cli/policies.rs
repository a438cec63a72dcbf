//! 一童一策 as lines of text, for the commands that tell about a case.

use super::text_table::aligned;
use crate::explain::PolicyRow;

/// One line for each policy: title, verdict, why; then the legal basis of what is missed.
pub(super) fn text(policies: &[PolicyRow]) -> String {
    let row = |policy: &PolicyRow| {
        vec![format!("  {}", policy.title), policy.verdict.clone(), policy.words.clone()]
    };
    let mut lines = vec![aligned(&policies.iter().map(row).collect::<Vec<_>>())];
    for policy in policies.iter().filter(|policy| policy.entitlement == "missed") {
        let rule = if policy.finding.is_empty() {
            String::new()
        } else {
            format!("，线索规则 {}", policy.finding)
        };
        lines.push(format!("  {}依据：{}{rule}", policy.title, policy.basis.join("；")));
    }
    lines.join("\n")
}
