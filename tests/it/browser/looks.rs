//! That people can read the page: on narrow screens, in light and dark, by keyboard and by ear.

use serde_json::{Value, json};
use thirtyfour::Key;

use super::Setting;
use super::window::{NARROW, WIDE, browse};

/// Text and what it stands on, where they are too much alike: WCAG 2 asks for a ratio of 4.5.
const TOO_FAINT: &str = r"
    const canvas = document.createElement('canvas').getContext('2d', {willReadFrequently: true});
    const numbers = (color) => {
        canvas.clearRect(0, 0, 1, 1);
        canvas.fillStyle = color;
        canvas.fillRect(0, 0, 1, 1);
        return [...canvas.getImageData(0, 0, 1, 1).data];
    };
    const luminance = ([r, g, b]) => {
        const [red, green, blue] = [r, g, b].map((part) => {
            part /= 255;
            return part <= 0.04045 ? part / 12.92 : ((part + 0.055) / 1.055) ** 2.4;
        });
        return 0.2126 * red + 0.7152 * green + 0.0722 * blue;
    };
    const ground = (element) => {
        for (; element; element = element.parentElement) {
            const color = numbers(getComputedStyle(element).backgroundColor);
            if (color[3] === 255) return color;
            if (color[3] !== 0) throw new Error('half transparent: ' + element.outerHTML);
        }
        return [255, 255, 255];
    };
    for (const details of document.querySelectorAll('details')) details.open = true;
    const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
    const faint = new Set();
    let seen = 0;
    while (walker.nextNode()) {
        const element = walker.currentNode.parentElement;
        if (!walker.currentNode.textContent.trim() || ['STYLE', 'SCRIPT'].includes(element.tagName)) continue;
        seen += 1;
        const [one, other] = [numbers(getComputedStyle(element).color), ground(element)].map(luminance);
        const ratio = (Math.max(one, other) + 0.05) / (Math.min(one, other) + 0.05);
        if (ratio < 4.5) faint.add(`${ratio.toFixed(2)} ${element.outerHTML}`);
    }
    return [seen, [...faint]];
";

#[tokio::test(flavor = "multi_thread")]
async fn text_stands_out_in_light_and_dark() {
    let setting = Setting::new().await;
    browse(|window| async move {
        let mut grounds = Vec::new();
        for scheme in ["light", "dark"] {
            window.prefers(scheme).await;
            window.open(&setting.url()).await;
            let told = window.run(TOO_FAINT).await;
            assert!(told[0].as_u64() > Some(100), "{told}");
            assert_eq!(told[1], json!([]), "{scheme}");
            grounds.push(window.run("return getComputedStyle(document.body).backgroundColor").await);
        }
        assert_ne!(grounds[0], grounds[1], "dark is another page than light");
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn nothing_is_wider_than_the_window() {
    let setting = Setting::new().await;
    browse(|window| async move {
        for width in [320, NARROW, 750, 1040, WIDE] {
            window.sized(width, 900).await;
            window.open(&setting.url()).await;
            window.run("for (const details of document.querySelectorAll('details')) details.open = true").await;
            let needed = window.run("return document.documentElement.scrollWidth").await;
            assert!(needed.as_u64().expect("a number") <= u64::from(width), "{needed} at {width}");
            let cut = "return [...document.querySelectorAll('td, th, li, h4, p')].filter(element => element.scrollWidth > element.clientWidth + 1 && element.clientWidth > 1).map(element => element.outerHTML)";
            assert_eq!(window.run(cut).await, json!([]), "at {width}");
        }
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_keyboard_comes_to_the_balances_first() {
    let setting = Setting::new().await;
    browse(|window| async move {
        window.open(&setting.url()).await;
        window.press(Key::Tab).await;
        let focused = window.run("return [document.activeElement.className, document.activeElement.getBoundingClientRect().top >= 0, getComputedStyle(document.activeElement).outlineStyle]");
        assert_eq!(focused.await, json!(["skip", true, "solid"]));
        window.press(Key::Enter).await;
        assert_eq!(window.run("return document.activeElement.id").await, "main");
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_page_is_in_order_for_who_hears_it() {
    let setting = Setting::new().await;
    browse(|window| async move {
        window.open(&setting.url()).await;
        let levels = window.run("return [...document.querySelectorAll('h1, h2, h3, h4, h5, h6')].map(heading => Number(heading.tagName[1]))").await;
        let levels: Vec<u64> = levels.as_array().expect("a list").iter().filter_map(Value::as_u64).collect();
        assert_eq!((levels[0], levels.iter().filter(|level| **level == 1).count()), (1, 1));
        assert!(levels.windows(2).all(|pair| pair[1] <= pair[0] + 1), "{levels:?}");
        let nameless = "return [...document.querySelectorAll('svg, img, nav, table, a, [role=img]')].filter(element => \
                        !(element.getAttribute('aria-label') || element.caption?.textContent || element.textContent).trim()).length";
        assert_eq!(window.run(nameless).await, 0);
        let scopeless = "return [...document.querySelectorAll('th')].filter(header => !['col', 'row'].includes(header.scope)).length";
        assert_eq!(window.run(scopeless).await, 0);
        let ids = "const ids = [...document.querySelectorAll('[id]')].map(element => element.id); return ids.length === new Set(ids).size";
        assert_eq!(window.run(ids).await, true, "each id once");
        let landmarks = window.run("return ['header', 'main', 'footer'].map(name => document.querySelectorAll('body > ' + name).length)");
        assert_eq!(landmarks.await, json!([1, 1, 1]));
        // Where a table is laid out as blocks, it still is one.
        window.sized(NARROW, 900).await;
        let roles = "return [...document.querySelectorAll('table, tr, th, td, tbody, thead')].filter(element => !element.role).length";
        assert_eq!(window.run(roles).await, 0);
        assert_eq!(window.run("return document.documentElement.lang").await, "en");
    })
    .await;
}
