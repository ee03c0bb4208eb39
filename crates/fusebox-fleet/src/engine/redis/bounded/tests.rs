//! Tests of streams whose answers are of bounded length.

use super::*;

fn follow(answers: &mut Answers, text: &[u8], step: usize) -> Result<(), TooLong> {
    text.chunks(step)
        .try_for_each(|bytes| answers.follow(bytes))
}

#[test]
fn answers_of_all_kinds_end_where_they_end_however_they_are_cut() {
    let kinds: [&[u8]; 17] = [
        b"+OK\r\n",
        b"-ERR no\r\n",
        b":17\r\n",
        b"_\r\n",
        b"#t\r\n",
        b",1.5\r\n",
        b"(123456789012345678901234567890\r\n",
        b"$5\r\nhe\r\no\r\n",
        b"$0\r\n\r\n",
        b"$-1\r\n",
        b"=7\r\ntxt:abc\r\n",
        b"*0\r\n",
        b"*-1\r\n",
        b"*2\r\n*1\r\n:1\r\n$1\r\na\r\n",
        b"%1\r\n+a\r\n%1\r\n+b\r\n:1\r\n",
        b">3\r\n$7\r\nmessage\r\n$1\r\nc\r\n$1\r\nv\r\n",
        b"|1\r\n+a\r\n:1\r\n*1\r\n~1\r\n:1\r\n",
    ];
    for text in kinds {
        for step in 1..=text.len() {
            let mut answers = Answers::default();
            for round in 1..=3 {
                follow(&mut answers, text, step).unwrap();
                let shown = String::from_utf8_lossy(text);
                assert_eq!(
                    (answers.held, answers.part),
                    (0, Part::Kind),
                    "{shown:?} {round}"
                );
                assert!(answers.lists.is_empty(), "{shown:?}");
            }
            let (all, last) = (text.len(), text.len() - 1);
            answers.follow(&text[..last]).unwrap();
            assert_eq!(
                answers.held,
                all - 1,
                "it has not ended before its last byte"
            );
        }
    }
}

#[test]
fn any_number_of_answers_passes_as_long_as_each_is_short() {
    let mut answers = Answers::default();
    let text = [&b"$1000000\r\n"[..], &vec![b'x'; 1_000_000], b"\r\n"].concat();
    for _ in 0..20 {
        follow(&mut answers, &text, 65_536).unwrap();
    }
}

#[test]
fn an_answer_may_be_as_long_as_the_limit_and_no_longer() {
    let body = vec![b'x'; LONGEST - 12];
    let mut answers = Answers::default();
    let head = format!("${}\r\n", body.len());
    let text = [head.as_bytes(), &body, b"\r\n"].concat();
    assert!(text.len() <= LONGEST);
    follow(&mut answers, &text, 4096).unwrap();

    let line = vec![b'x'; LONGEST + 1];
    assert_eq!(follow(&mut answers, &line, 4096), Err(TooLong));
}

#[test]
fn an_answer_that_says_that_it_will_be_too_long_or_too_deep_is_refused_at_once() {
    let long = (LONGEST + 1).to_string();
    for kind in ["$", "=", "!", "*", "~", ">", "%", "|"] {
        for number in ["1099511627776", "99999999999999999999999999", &long] {
            let text = format!("{kind}{number}\r\n");
            let mut answers = Answers::default();
            assert_eq!(answers.follow(text.as_bytes()), Err(TooLong), "{text:?}");
        }
    }
    let mut answers = Answers::default();
    let deep = b"*1\r\n".repeat(DEEPEST + 1);
    assert_eq!(answers.follow(&deep), Err(TooLong));
}

#[test]
fn a_length_that_the_library_alone_could_read_is_refused() {
    let numbers = [
        "+1099511627776",
        " 1099511627776",
        "+1",
        " 1",
        "1 ",
        "",
        "-2",
        "-1 ",
        "--1",
        "1\r",
        "1\n",
        "?",
    ];
    for kind in ["$", "=", "!", "*", "~", ">", "%", "|"] {
        for number in numbers {
            let text = format!("{kind}{number}\r\n");
            let mut answers = Answers::default();
            assert_eq!(answers.follow(text.as_bytes()), Err(TooLong), "{text:?}");
        }
    }
    for text in [
        "=-1\r\n", "!-1\r\n", "~-1\r\n", ">-1\r\n", "%-1\r\n", "|-1\r\n",
    ] {
        let mut answers = Answers::default();
        assert_eq!(answers.follow(text.as_bytes()), Err(TooLong), "{text:?}");
    }
}

#[test]
fn a_line_ends_where_the_library_ends_it() {
    for begin in ["+", "-ERR ", ":", "(", "garbage"] {
        let mut answers = Answers::default();
        let text = format!("{begin}a\nb\rc\n\r\r");
        answers.follow(text.as_bytes()).unwrap();
        assert_eq!(answers.held, text.len(), "{text:?}");
        answers.follow(b"\n").unwrap();
        assert_eq!((answers.held, answers.part), (0, Part::Kind), "{text:?}");

        let mut answers = Answers::default();
        let endless = format!("{begin}{}", "and\n".repeat(LONGEST / 4));
        assert_eq!(follow(&mut answers, endless.as_bytes(), 4096), Err(TooLong));
    }
}
