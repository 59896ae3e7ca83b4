//! A list of testers, as CSV: e-mail address, given name, family name. A first row may name the columns, in any order; the
//! words of Apple's own export are known.

use crate::{FieldProblem, Problem};

/// The most bytes of a list.
pub const MAX_BYTES: usize = 1024 * 1024;
/// The most testers that are put into a group at once. Each is a request, and Apple takes 3,600 an hour.
pub const MAX_TESTERS: usize = 1_000;
/// How many bad rows a refusal names.
const NAMED_ROWS: usize = 20;
/// Longest e-mail address (RFC 5321) and name that is taken, in characters.
const LONGEST: (usize, usize) = (254, 100);

/// A row of the list.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Row {
    pub(super) email: String,
    pub(super) first_name: Option<String>,
    pub(super) last_name: Option<String>,
}

/// In which columns what stands.
struct Columns {
    email: usize,
    first: Option<usize>,
    last: Option<usize>,
}

impl Columns {
    /// What a first row names; none when it names no address, and is a tester's then.
    fn named(row: &csv::StringRecord) -> Option<Self> {
        let place = |words: &[&str]| {
            row.iter().position(|cell| {
                let cell = cell.trim().to_lowercase().replace(['-', '_'], " ");
                words.contains(&cell.as_str())
            })
        };
        Some(Self {
            email: place(&["email", "e mail", "mail", "email address", "e mail address"])?,
            first: place(&["first name", "first", "firstname", "given name"]),
            last: place(&["last name", "last", "lastname", "family name"]),
        })
    }
}

/// The testers of a list, each once.
///
/// # Errors
/// At `file`: `testers_unfit` with the rows that do not fit, unless they may be left out; `no_testers`, `too_many_testers`,
/// `testers_too_large`.
pub(super) fn read(text: &str, leave_out_faulty: bool) -> Result<Vec<Row>, Problem> {
    if text.len() > MAX_BYTES {
        return Err(Problem::field(
            "testers_too_large",
            "file",
            format!("The list has {} bytes; at most {MAX_BYTES} are read.", text.len()),
        ));
    }
    let text = text.trim_start_matches('\u{feff}');
    let first_line = text.lines().next().unwrap_or_default();
    let delimiter = [b';', b'\t']
        .into_iter()
        .find(|mark| first_line.as_bytes().contains(mark))
        .unwrap_or(b',');
    let mut columns = Columns {
        email: 0,
        first: Some(1),
        last: Some(2),
    };
    let (mut rows, mut faults) = (Vec::<Row>::new(), Vec::new());
    let mut known = std::collections::HashSet::new();
    let mut is_first = true;
    // Line by line: a quotation mark that is not closed is a fault of its line, and no name needs two.
    for (number, line) in (1_u64..).zip(text.lines()) {
        let record = match cells(line, delimiter) {
            Ok(None) => continue,
            Ok(Some(record)) => record,
            Err(why) => {
                faults.push((number, why));
                continue;
            }
        };
        if std::mem::take(&mut is_first)
            && let Some(named) = Columns::named(&record)
        {
            columns = named;
            continue;
        }
        let cell = |place: Option<usize>| place.and_then(|place| record.get(place)).filter(|text| !text.is_empty());
        let name = |place| cell(place).map(str::to_owned);
        match address(cell(Some(columns.email)).unwrap_or_default()) {
            Err(why) => faults.push((number, why)),
            Ok(email) if !known.insert(email.to_lowercase()) => {}
            Ok(email) => rows.push(Row {
                email,
                first_name: name(columns.first),
                last_name: name(columns.last),
            }),
        }
    }
    if !faults.is_empty() && !leave_out_faulty {
        return Err(unfit(&faults));
    }
    if rows.is_empty() {
        return Err(Problem::field(
            "no_testers",
            "file",
            "There is no tester in the list. Each row has an e-mail address.",
        ));
    }
    if rows.len() > MAX_TESTERS {
        return Err(Problem::field(
            "too_many_testers",
            "file",
            format!("The list has {} testers; at most {MAX_TESTERS} go at once. Split it.", rows.len()),
        ));
    }
    Ok(rows)
}

/// The cells of a line; none of one that is empty.
fn cells(line: &str, delimiter: u8) -> Result<Option<csv::StringRecord>, String> {
    if line.matches('"').count() % 2 == 1 {
        return Err("A quotation mark is not closed.".to_owned());
    }
    let mut reader = csv::ReaderBuilder::new()
        .has_headers(false)
        .delimiter(delimiter)
        .trim(csv::Trim::All)
        .from_reader(line.as_bytes());
    let record = reader.records().next().transpose().map_err(|error| error.to_string())?;
    Ok(record.filter(|record| record.iter().any(|cell| !cell.is_empty())))
}

/// An e-mail address as far as it can be judged without sending to it.
pub(super) fn address(text: &str) -> Result<String, String> {
    let text = text.trim();
    let unfit = match text.split_once('@') {
        None if text.is_empty() => Some("There is no e-mail address."),
        None => Some("This is no e-mail address: it has no @."),
        Some((name, host)) if name.is_empty() || host.is_empty() || host.contains('@') => Some("This is no e-mail address."),
        Some(_) if text.chars().any(|letter| letter.is_whitespace() || letter.is_control()) => Some("An e-mail address has no spaces."),
        Some(_) if text.contains([',', ';', '<', '>', '"']) => Some("This is no e-mail address: give it without a name and without marks."),
        Some(_) if text.chars().count() > LONGEST.0 => Some("The e-mail address is longer than 254 characters."),
        Some(_) => None,
    };
    unfit.map_or_else(|| Ok(text.to_owned()), |why| Err(why.to_owned()))
}

/// A name as it can be sent.
pub(super) fn name(text: Option<&str>) -> Result<Option<String>, String> {
    let Some(text) = text.map(str::trim).filter(|text| !text.is_empty()) else {
        return Ok(None);
    };
    if text.chars().count() > LONGEST.1 {
        return Err(format!("The name is longer than {} characters.", LONGEST.1));
    }
    Ok(Some(text.to_owned()))
}

fn unfit(faults: &[(u64, String)]) -> Problem {
    let rows: Vec<_> = faults.iter().take(NAMED_ROWS).map(|(row, _)| row.to_string()).collect();
    let more = match faults.len().saturating_sub(NAMED_ROWS) {
        0 => String::new(),
        more => format!(" and {more} more"),
    };
    let mut problem = Problem::field(
        "testers_unfit",
        "file",
        format!(
            "{} line(s) of the list do not fit: {}{more}. Correct them, or have them left out (on the command line with --leave-out-faulty). Nobody was invited.",
            faults.len(),
            rows.join(", ")
        ),
    );
    problem.fields.extend(faults.iter().take(NAMED_ROWS).map(|(row, why)| FieldProblem {
        field: "file",
        message: format!("Line {row}: {why}"),
    }));
    problem
}

#[cfg(test)]
mod tests {
    use super::*;

    fn row(email: &str, first: Option<&str>, last: Option<&str>) -> Row {
        Row {
            email: email.to_owned(),
            first_name: first.map(str::to_owned),
            last_name: last.map(str::to_owned),
        }
    }

    #[test]
    fn a_list_is_read_with_and_without_names_of_columns() {
        let plain = read("ada@example.com,Ada,Lovelace\nbob@example.com\n\n", false).unwrap();
        assert_eq!(
            plain,
            [
                row("ada@example.com", Some("Ada"), Some("Lovelace")),
                row("bob@example.com", None, None)
            ]
        );
        let named = "\u{feff}First Name;Last Name;Email\r\n\"Ada\";\"Love;lace\";ada@example.com\r\nA;L;ADA@example.com\r\n";
        assert_eq!(
            read(named, false).unwrap(),
            [row("ada@example.com", Some("Ada"), Some("Love;lace"))]
        );
    }

    #[test]
    fn bad_lines_are_named_and_the_good_ones_can_go_on() {
        let text = "email\nada@example.com\nnobody\nbob@example.com\na b@example.com\n";
        let refused = read(text, false).unwrap_err();
        assert_eq!(refused.code, "testers_unfit");
        assert!(refused.message.contains("3, 5"), "{}", refused.message);
        assert_eq!(refused.fields[1].message, "Line 3: This is no e-mail address: it has no @.");
        assert_eq!(read(text, true).unwrap().len(), 2);
        assert_eq!(read("email\n", false).unwrap_err().code, "no_testers");
        // A file of a spreadsheet, with an empty line and a quotation mark that is not closed.
        let text = "\u{feff}email\r\n\r\n\"open@example.com,Foo\r\nada@example.com\r\n<bob@example.com>\r\n";
        let refused = read(text, false).unwrap_err();
        assert!(refused.message.contains("fit: 3, 5"), "{}", refused.message);
        assert_eq!(read(text, true).unwrap(), [row("ada@example.com", None, None)]);
        assert_eq!(read(&"a".repeat(MAX_BYTES + 1), false).unwrap_err().code, "testers_too_large");
    }
}
