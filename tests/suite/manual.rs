//! Man pages and completions: what a package lays beside the program.

use std::collections::BTreeSet;
use std::fs;
use std::process::Command;

use crate::county::NIGHT;

/// Names of all commands, from the program's own help.
fn commands() -> BTreeSet<String> {
    let help = NIGHT.well(&["--help"]);
    let listed =
        help.lines().skip_while(|line| *line != "Commands:").skip(1).take_while(|line| !line.is_empty());
    let names = listed.filter(|line| line.starts_with("  ") && !line.starts_with("   "));
    names.map(|line| line.split_whitespace().next().unwrap().to_owned()).collect()
}

#[test]
fn every_command_has_a_man_page_with_its_examples() {
    let folder = tempfile::tempdir().unwrap();
    let to = folder.path().join("man");
    NIGHT.well(&["man", to.to_str().unwrap()]);
    let pages: BTreeSet<String> =
        fs::read_dir(&to).unwrap().map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
    let commands = commands();
    assert!(commands.len() > 20 && commands.contains("run") && commands.contains("man"), "{commands:?}");
    // `help` explains the others and has no page of its own.
    for command in commands.iter().filter(|command| *command != "help") {
        assert!(pages.contains(&format!("doudi-{command}.1")), "{command}: {pages:?}");
    }
    assert!(pages.contains("doudi.1") && pages.contains("doudi-schedule-install.1"), "{pages:?}");
    let page = fs::read_to_string(to.join("doudi-run.1")).unwrap();
    assert!(
        page.contains(".TH") && page.contains("\\-\\-accept population") && page.contains("Exit codes"),
        "{page}"
    );
}

#[test]
fn completions_are_scripts_that_know_the_commands() {
    let folder = tempfile::tempdir().unwrap();
    for (shell, words) in
        [("bash", "complete -F _doudi"), ("zsh", "#compdef doudi"), ("fish", "complete -c doudi")]
    {
        let script = NIGHT.well(&["completions", shell]);
        assert!(script.contains(words) && script.contains("feedback"), "{shell}");
    }
    let path = folder.path().join("doudi.bash");
    fs::write(&path, NIGHT.well(&["completions", "bash"])).unwrap();
    let ask = "source \"$1\"; COMP_WORDS=(doudi sched); COMP_CWORD=1; _doudi doudi sched doudi; echo \"${COMPREPLY[*]}\"";
    let output = Command::new("bash").args(["-c", ask, "bash"]).arg(&path).output().unwrap();
    assert_eq!(
        String::from_utf8_lossy(&output.stdout),
        "schedule\n",
        "{}",
        String::from_utf8_lossy(&output.stderr)
    );
}
