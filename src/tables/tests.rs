//! The bundled tables as they are, and what loading says about broken ones.

use std::fs;

use super::*;

fn bundled() -> Tables {
    Tables::load(None).expect("the bundled tables are sound")
}

#[test]
fn the_bundled_tables_are_sound_and_say_which_they_are() {
    let tables = bundled();
    let names: Vec<&str> = tables.editions().iter().map(|edition| edition.name.as_str()).collect();
    assert_eq!(names, ROLES);
    assert!(tables.editions().iter().all(|e| e.rows > 0 && e.sha256.len() == 64 && !e.edition.is_empty()));
    let row = |name: &str| tables.editions().iter().find(|e| e.name == name).map(|e| e.rows);
    assert_eq!(row("char_codes"), Some(41_963));
    assert_eq!(row("glyph_neighbors"), Some(83_032));
    assert_eq!(row("divisions"), Some(357));
}

#[test]
fn characters_are_folded_read_and_compared() {
    let tables = bundled();
    let folds =
        [('張', '张'), ('蕭', '萧'), ('喆', '喆'), ('堃', '堃'), ('昇', '昇'), ('寧', '宁'), ('王', '王')];
    for (c, expected) in folds {
        assert_eq!(tables.variants.fold(c), expected, "{c}");
    }
    for c in ('\u{3400}'..='\u{2FA1F}').filter(|c| tables.variants.fold(*c) != *c) {
        let folded = tables.variants.fold(c);
        assert_eq!(tables.variants.fold(folded), folded, "{c}");
    }
    assert!(tables.variants.confusable('喆', '哲'));
    assert_eq!(tables.glyphs.score('己', '已'), 673);
    assert_eq!(tables.pua.get('\u{E81E}'), Some('\u{9FB4}'));
    assert_eq!(tables.pua.get('王'), None);
    assert_eq!(tables.radicals.get('\u{2ED3}'), Some('长'));
}

#[test]
fn surnames_have_their_own_readings() {
    let tables = bundled();
    let read = |surname: &str| {
        let syllables = tables.surnames.readings(surname).first().cloned().unwrap_or_default();
        syllables.iter().map(|t| tables.chars.spelling(t.toneless()).to_owned()).collect::<Vec<_>>().join(" ")
    };
    for (surname, expected) in [("单", "shan"), ("仇", "qiu"), ("曾", "zeng"), ("尉迟", "yu chi"), ("王", "")]
    {
        assert_eq!(read(surname), expected, "{surname}");
    }
    for (key, expected) in [("欧阳娜娜", 2), ("欧阳", 1), ("单于明", 2), ("王梓涵", 1), ("", 0), ("张", 1)]
    {
        assert_eq!(tables.surnames.length(key), expected, "{key}");
    }
    assert!(tables.surnames.confusable('萧', '肖') && tables.surnames.confusable('肖', '萧'));
    assert!(!tables.surnames.confusable('张', '李'));
}

#[test]
fn dialect_classes_follow_the_table() {
    let tables = bundled();
    let class = |text: &str| tables.chars.folded(tables.chars.syllable(text).unwrap());
    for (a, b, alike) in [
        ("cheng", "chen", true),
        ("jing", "jin", true),
        ("huang", "wang", true),
        ("hu", "wu", true),
        ("ni", "li", false),
    ] {
        assert_eq!(class(a) == class(b), alike, "{a} {b}");
    }
}

#[test]
fn county_codes_are_known_by_year() {
    let tables = bundled();
    let cases = [
        (320_681, 2011, RegionKnown::Then),
        (320_626, 1985, RegionKnown::Then),
        (320_626, 2011, RegionKnown::OtherYears),
        (329_013, 1990, RegionKnown::Then),
        (322_526, 1981, RegionKnown::Then),
        (111_111, 2011, RegionKnown::Never),
    ];
    for (code, year, expected) in cases {
        assert_eq!(tables.regions.known(code, year), expected, "{code} {year}");
    }
    assert_eq!(tables.regions.current(320_626), Some(320_681));
}

#[test]
fn every_village_is_found_by_its_official_name_in_its_town() {
    let gazetteer = bundled().gazetteer;
    assert_eq!((gazetteer.town_count(), gazetteer.village_count()), (18, 339));
    for village in (1_u16..).take(gazetteer.village_count()) {
        let (name, town) = (gazetteer.village_name(village), gazetteer.village_town(village));
        assert_eq!(gazetteer.village_at(name, town), Some((name.len(), village)), "{name}");
        assert_eq!(gazetteer.village_at(name, 0), Some((name.len(), village)), "{name}");
        assert!(!gazetteer.town_name(town).is_empty());
    }
    for town in (1_u16..).take(gazetteer.town_count()) {
        let name = gazetteer.town_name(town);
        assert_eq!(gazetteer.town_at(name), Some((name.len(), town)), "{name}");
    }
    assert_eq!(gazetteer.town_name(0), "");
    assert_eq!(gazetteer.village_name(u16::MAX), "");
}

#[test]
fn a_folder_replaces_tables_and_adds_codes_relations_and_decisions() {
    let dir = tempfile::tempdir().unwrap();
    let write = |name: &str, text: &str| {
        let path = dir.path().join(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, text).unwrap();
    };
    write("codes/state.csv", "code,label,synonyms\n0,在册,\n1,已销,\n");
    write("relations.csv", "label,relation\n父亲,father\n外祖母,grandparent\n");
    write("decisions/limits.csv", "kind,age\n甲,18\n");
    write(
        "decisions/decisions.toml",
        "[decision.limits]\nedition = \"2026\"\ncolumns = { age = \"int64\" }\n",
    );
    let tables = Tables::load(Some(dir.path())).unwrap();
    assert_eq!(tables.codes["state"].lookup("1-已销"), Some("已销"));
    assert_eq!(tables.relations["外祖母"], Relation::Grandparent);
    assert_eq!(tables.decisions["limits"].num_rows(), 1);
    assert!(tables.editions().iter().any(|e| e.name == "decisions/limits" && e.edition == "2026"));
}

#[test]
fn everything_wrong_is_told_at_once() {
    let dir = tempfile::tempdir().unwrap();
    let write = |name: &str, text: &str| {
        let path = dir.path().join(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, text).unwrap();
    };
    write("codes/state.csv", "code,label,synonyms\n0,,\n1,已销\n");
    write("relations.csv", "label,relation\n父亲,fader\n");
    write("surname_compound.csv", "surname\n欧\n");
    let problems = Tables::load(Some(dir.path())).unwrap_err();
    let lines: Vec<(String, u32)> = problems
        .iter()
        .map(|p| (p.spot.file.rsplit('/').next().unwrap_or_default().to_owned(), p.spot.line))
        .collect();
    let expected = [("surname_compound.csv", 2), ("state.csv", 2), ("state.csv", 3), ("relations.csv", 2)];
    assert_eq!(lines, expected.map(|(file, line)| (file.to_owned(), line)));
}

#[test]
fn a_fault_in_the_manifest_has_its_line() {
    let dir = tempfile::tempdir().unwrap();
    fs::write(dir.path().join("tables.toml"), "[table.char_codes]\nfile = \"x\"\nedtion = \"y\"\n").unwrap();
    let problems = Tables::load(Some(dir.path())).unwrap_err();
    assert_eq!((problems.len(), problems[0].spot.line), (1, 3));
}
