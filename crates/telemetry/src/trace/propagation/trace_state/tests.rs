//! Tests of the header `tracestate`.

use super::*;

/// What is written of `lines`; nothing for an empty list.
fn read<T: AsRef<[u8]>>(lines: &[T]) -> Option<String> {
    let lines = lines
        .iter()
        .map(|line| HeaderValue::from_bytes(line.as_ref()));
    let lines: Vec<HeaderValue> = lines.map(Result::unwrap).collect();
    let written = TraceState::read(&lines).header()?;
    Some(written.to_str().unwrap().to_owned())
}

#[test]
fn a_valid_list_is_written_as_it_came_without_space_around_members_and_empty_ones() {
    for (what, lines, written) in [
        ("one member", &["a=1"][..], "a=1"),
        ("several", &["b=2,a=1,c=3"], "b=2,a=1,c=3"),
        (
            "several lines, in order",
            &["b=2,a=1", "c=3", "d=4"],
            "b=2,a=1,c=3,d=4",
        ),
        (
            "space around members",
            &[" a=1 \t, \t b=2,\tc=3\t"],
            "a=1,b=2,c=3",
        ),
        ("space around lines", &["\t a=1", "b=2 \t"], "a=1,b=2"),
        ("empty members", &[",a=1,, ,\t,b=2,"], "a=1,b=2"),
        ("an empty line behind", &["a=1", ""], "a=1"),
        ("an empty line in front", &["", "a=1"], "a=1"),
        ("a line of space between", &["a=1", " \t", "b=2"], "a=1,b=2"),
        ("a key twice", &["a=1,a=1"], "a=1,a=1"),
        ("a key twice with other values", &["a=1", "a=2"], "a=1,a=2"),
        ("a key that begins with a digit", &["0=1"], "0=1"),
        ("a key of all letters", &["az09_-*/@=1"], "az09_-*/@=1"),
        (
            "a tenant of a system",
            &["tenant@system=1"],
            "tenant@system=1",
        ),
        (
            "a tenant that is a number",
            &["0tenant@system=1"],
            "0tenant@system=1",
        ),
        ("an @ at the end", &["a@=1"], "a@=1"),
        ("two in a row", &["a@@b=1"], "a@@b=1"),
        ("two apart", &["a@b@c=1"], "a@b@c=1"),
        ("a value that begins with space", &["a=  1"], "a=  1"),
        ("a value with space in it", &["a=1 2"], "a=1 2"),
        (
            "a value with everything else",
            &["a=!\"#%&'()*+-./:;<>?@[\\]^_`{|}~"],
            "a=!\"#%&'()*+-./:;<>?@[\\]^_`{|}~",
        ),
    ] {
        assert_eq!(read(lines).as_deref(), Some(written), "{what}");
    }
}

#[test]
fn a_list_with_anything_wrong_in_it_is_discarded_as_a_whole() {
    for (what, wrong) in [
        ("no equals sign", "a"),
        ("no key", "=1"),
        ("no value", "a="),
        ("a value of nothing but space", "a= "),
        ("two equals signs", "a=1=2"),
        ("two in a row", "a==1"),
        ("an equals sign at the end", "a=1="),
        ("space behind the key", "a =1"),
        ("a tab behind the key", "a\t=1"),
        ("space in the key", "a b=1"),
        ("a capital", "A=1"),
        ("a dot in the key", "a.b=1"),
        ("a key that begins with @", "@a=1"),
        ("a key that begins with _", "_a=1"),
        ("a key that begins with -", "-a=1"),
        ("a key that begins with *", "*a=1"),
        ("a key that begins with /", "/a=1"),
        ("a tab in the value", "a=1\t2"),
        ("a semicolon for the comma", "a=1;b=2"),
    ] {
        for lines in [&[wrong][..], &["b=2", wrong], &[wrong, "b=2"]] {
            assert_eq!(read(lines), None, "{what}: {lines:?}");
        }
        let one_line = format!("b=2,{wrong},c=3");
        assert_eq!(read(&[one_line]), None, "{what}");
    }
    for bytes in [b"a=\xe9".as_slice(), b"\xe9=1", b"a=1,\xff\xfe"] {
        assert_eq!(read(&[bytes]), None, "{bytes:?}");
    }
}

#[test]
fn a_list_of_nothing_is_not_written() {
    for lines in [&[][..], &[""], &[" \t"], &[","], &["", ""], &[", ,\t,"]] {
        assert_eq!(read(lines), None, "{lines:?}");
    }
}

#[test]
fn keys_and_values_have_at_most_256_characters() {
    for (key, value, valid) in [
        (256, 1, true),
        (257, 1, false),
        (1, 256, true),
        (1, 257, false),
        (256, 256, true),
    ] {
        let member = format!("{}={}", "k".repeat(key), "v".repeat(value));
        let expected = valid.then_some(member.clone());
        assert_eq!(read(&[&*member]), expected, "{key} {value}");
    }
    // The limits of level 1, and keys beyond them, which only level 2 allows.
    for (tenant, system) in [(241, 14), (242, 1), (1, 15), (1, 254)] {
        let member = format!("{}@{}=1", "t".repeat(tenant), "s".repeat(system));
        assert_eq!(read(&[&*member]), Some(member.clone()), "{tenant} {system}");
    }
    let longest = format!("a={}v", " ".repeat(255));
    assert_eq!(read(&[&*longest]), Some(longest.clone()));
    let too_long = format!("a={}v", " ".repeat(256));
    assert_eq!(read(&[too_long]), None);
}

#[test]
fn a_list_has_at_most_32_members_over_all_lines_whatever_their_length() {
    let members = |count: usize| -> Vec<String> {
        let value = "v".repeat(256);
        (0..count).map(|key| format!("{key}={value}")).collect()
    };

    assert_eq!(read(&members(32)), Some(members(32).join(",")));
    assert_eq!(read(&[members(32).join(",")]), Some(members(32).join(",")));
    assert_eq!(read(&members(33)), None);
    assert_eq!(read(&[members(33).join(",")]), None);
    let with_empty_ones = format!(",,{},,", members(32).join(", ,"));
    assert_eq!(read(&[with_empty_ones]), Some(members(32).join(",")));
    let most = members(32).join(",");
    assert!(most.len() > 512, "more than what must be handed on");
}
