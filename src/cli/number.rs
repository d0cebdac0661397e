//! Numbers as values of options. What is wrong says what is expected, not how reading failed.

/// A number.
pub fn real(text: &str) -> Result<f64, String> {
    if let Ok(number) = text.trim().parse() {
        return Ok(number);
    }
    let percent = text.trim().strip_suffix('%').and_then(|percent| percent.trim_end().parse::<f64>().ok());
    Err(match percent {
        Some(percent) => format!("expected a number, which for {percent}% is {}", percent / 100.0),
        None => "expected a number, such as 0.5".to_owned(),
    })
}

/// How many of something there are in a part of a whole: one at least.
pub fn count(text: &str) -> Result<u32, String> {
    small(text, 1, u32::MAX)
}

/// A number of something, perhaps none.
pub fn any(text: &str) -> Result<u32, String> {
    small(text, 0, u32::MAX)
}

/// The same where there may be very many.
pub fn many(text: &str) -> Result<usize, String> {
    whole(text, 0, usize::MAX as u64).and_then(|number| usize::try_from(number).map_err(|error| error.to_string()))
}

/// The seed of what is drawn, and other numbers of 64 bits.
pub fn seed(text: &str) -> Result<u64, String> {
    whole(text, 0, u64::MAX)
}

/// A whole number from `least` to `most`.
pub fn small(text: &str, least: u32, most: u32) -> Result<u32, String> {
    whole(text, least.into(), most.into()).and_then(|number| u32::try_from(number).map_err(|error| error.to_string()))
}

fn whole(text: &str, least: u64, most: u64) -> Result<u64, String> {
    let number = text.parse().ok().filter(|number| (least..=most).contains(number));
    number.ok_or_else(|| {
        // Where there is no end but that of the machine, it is of use only to who went beyond it.
        let is_beyond = !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit()) && text != "0";
        match most < u32::MAX.into() || is_beyond {
            true => format!("expected a whole number from {least} to {most}"),
            false => format!("expected a whole number from {least} on"),
        }
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_expected_is_said() {
        let error = |text: &str| real(text).err().unwrap_or_default();
        assert_eq!(error("50%"), "expected a number, which for 50% is 0.5");
        assert_eq!((error("x"), real(" 1e-3 ")), ("expected a number, such as 0.5".to_owned(), Ok(1e-3)));
        assert_eq!((count("3"), any("0"), many("7"), seed("0")), (Ok(3), Ok(0), Ok(7), Ok(0)));
        for text in ["0", "-1", "x", "1.5", "50%", ""] {
            assert_eq!(count(text), Err("expected a whole number from 1 on".to_owned()), "{text}");
        }
        assert_eq!(count("5000000000"), Err("expected a whole number from 1 to 4294967295".to_owned()));
        assert_eq!(small("2000", 1, 1024), Err("expected a whole number from 1 to 1024".to_owned()));
    }
}
