//! Both languages say everything, in as little room.

use super::{Aim, Language};
use crate::core::refusal::Refusal;
use crate::core::trouble::TroubleKind;

#[test]
fn a_language_is_named_by_its_code() {
    for language in Language::ALL {
        assert_eq!(language.to_string().parse(), Ok(language));
    }
    assert!("EN".parse::<Language>().is_err());
}

#[test]
fn what_is_said_differs_between_the_languages() {
    let said = |language: Language| {
        let words = language.words();
        let entry = words.refusal(Refusal::Throttled);
        let trouble = words.trouble(TroubleKind::ImageNotFound);
        [
            words.all(Aim::Up, 50),
            words.title().to_owned(),
            entry.words.to_owned(),
            entry.advice.to_owned(),
            trouble.words.to_owned(),
            trouble.advice.to_owned(),
        ]
    };
    let [english, korean] = Language::ALL.map(said);
    for (english, korean) in english.iter().zip(&korean) {
        assert!(english.is_ascii(), "{english}");
        let is_hangul = |character: char| ('가'..='힣').contains(&character);
        assert!(korean.contains(is_hangul), "{korean}");
    }
}
