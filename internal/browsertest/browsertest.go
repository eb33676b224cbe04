// Package browsertest lets tests use pages as people do, in headless Chromium.
//
// New gives a test a Page of a browser of its own. A page is driven by what
// people see: Press takes the words on a button, Fill the label of a field, See
// waits for words. Everything waits until it can be done and fails the test,
// with the page's text, when that takes too long; a test needs no pauses.
//
// Sound holds a page to what every page must keep. Shot writes a picture into
// the directory that GATEHOUSE_SHOTS names, and does nothing without it.
//
// Without Chromium a test is skipped, unless GATEHOUSE_TEST_REQUIRE lists
// chromium, as it does in CI.
package browsertest

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/chromedp/chromedp"
)

const (
	// patience bounds one step. It is long because the machines of CI are slow;
	// only a test that fails ever waits for it.
	patience = 2 * time.Minute
	// pause lies between two looks at a page.
	pause = 25 * time.Millisecond
	// The window before Width changes it.
	width, height = 1280, 900
)

// Page is a tab with a profile of its own. It belongs to one test and one goroutine.
type Page struct {
	t   testing.TB
	ctx context.Context

	mu       sync.Mutex
	troubles []string // what the console complained of
}

// New starts a browser, which ends with the test.
func New(t testing.TB) *Page {
	t.Helper()
	ctx, cancel := chromedp.NewContext(context.WithoutCancel(t.Context()), chromedp.WithAllocatorOptions(
		chromedp.ExecPath(chromium(t)), chromedp.NoSandbox, chromedp.DisableGPU,
		chromedp.WindowSize(width, height), chromedp.Flag("hide-scrollbars", true),
	))
	t.Cleanup(cancel)
	p := &Page{t: t, ctx: ctx}
	if err := chromedp.Do(ctx, chromedp.EmulateViewport(width, height)); err != nil {
		t.Fatalf("start Chromium: %v", err)
	}
	if err := chromedp.Listen(ctx, p.listen); err != nil {
		t.Fatalf("listen to Chromium: %v", err)
	}
	t.Cleanup(func() {
		if t.Failed() {
			p.Shot("failed-" + strings.ReplaceAll(t.Name(), "/", "-"))
		}
	})
	return p
}

// chromium is the path of the browser. Without one a test is skipped, unless CI demands it.
func chromium(t testing.TB) string {
	t.Helper()
	for _, name := range []string{"chromium", "chromium-browser", "google-chrome"} {
		if path, err := exec.LookPath(name); err == nil {
			return path
		}
	}
	const missing = "Chromium is not here: install it, so that `chromium` is on the PATH"
	if slices.Contains(strings.Split(os.Getenv("GATEHOUSE_TEST_REQUIRE"), ","), "chromium") {
		t.Fatal(missing)
	}
	t.Skip(missing)
	return ""
}

// Open goes to an address and waits until it has loaded. A page that was just
// about to go elsewhere, as after a form, may keep the first try from its end.
func (p *Page) Open(url string) {
	p.t.Helper()
	p.do("open "+url, chromedp.Navigate(url))
}

// See waits until all the texts are to be seen somewhere on the page.
func (p *Page) See(texts ...string) {
	p.t.Helper()
	for _, text := range texts {
		p.step("see "+quote(text), func(ctx context.Context) error {
			seen, err := chromedp.Run(ctx, chromedp.Evaluate[bool](`document.body.innerText.includes(`+quote(text)+`)`))
			if err == nil && !seen {
				err = fmt.Errorf("it is not there")
			}
			return err
		})
	}
}

// Find waits until something visible matches a CSS selector.
func (p *Page) Find(selector string) {
	p.t.Helper()
	p.do("find "+selector, chromedp.WaitVisible(chromedp.CSS(selector)))
}

// Press clicks the button, link or summary that these words are on, those for screen readers among them.
func (p *Page) Press(words string) {
	p.t.Helper()
	p.click("press "+quote(words), pressable(words))
}

// Fill types into the field of this label, after what is there.
func (p *Page) Fill(label, text string) {
	p.t.Helper()
	p.do("fill "+quote(label), chromedp.SendKeys(field(label), text))
}

// Tick clicks the box of this label.
func (p *Page) Tick(label string) {
	p.t.Helper()
	p.click("tick "+quote(label), field(label), chromedp.NodeEnabled)
}

// click waits until the page has its style: one that is still being laid out moves
// under the mouse, and the click goes beside.
func (p *Page) click(what string, at chromedp.JSPath, options ...chromedp.QueryOption) {
	p.t.Helper()
	p.step(what, func(ctx context.Context) error {
		if err := chromedp.Do(ctx, chromedp.WaitVisible(at)); err != nil {
			return err
		}
		done, err := chromedp.Run(ctx, chromedp.Evaluate[bool](`document.readyState === "complete"`))
		if err == nil && !done {
			err = errors.New("the page is still loading")
		}
		if err != nil {
			return err
		}
		return chromedp.Do(ctx, chromedp.Click(at, options...))
	})
}

// Choose picks the option with this value in the list of this label.
func (p *Page) Choose(label, value string) {
	p.t.Helper()
	p.do("choose "+quote(value)+" of "+quote(label), chromedp.WaitVisible(field(label)), chromedp.Evaluate[chromedp.Void](
		`{ const e = `+string(field(label))+`; e.value = `+quote(value)+`; e.dispatchEvent(new Event("change", {bubbles: true})) }`))
}

// Keys types on the keyboard, wherever the focus is: text, or keys of package kb such as kb.Tab.
func (p *Page) Keys(keys string) {
	p.t.Helper()
	p.do("type "+quote(keys), chromedp.KeyEvent(keys))
}

// Text is all that can be read on the page now.
func (p *Page) Text() string { return Eval[string](p, `document.body.innerText`) }

// URL is where the page is now.
func (p *Page) URL() string { return Eval[string](p, `location.href`) }

// Eval is the value of a JavaScript expression on the page.
func Eval[T any](p *Page, expression string) T {
	p.t.Helper()
	ctx, cancel := context.WithTimeout(p.ctx, patience)
	defer cancel()
	value, err := chromedp.Run(ctx, chromedp.Evaluate[T](expression))
	if err != nil {
		p.t.Fatalf("evaluate %s: %v", expression, err)
	}
	return value
}

// do repeats actions as a step: a page that renews itself may take an element
// away between finding and using it.
func (p *Page) do(what string, actions ...chromedp.Action[chromedp.Void]) {
	p.t.Helper()
	p.step(what, func(ctx context.Context) error { return chromedp.Do(ctx, actions...) })
}

// step tries until it succeeds.
func (p *Page) step(what string, try func(context.Context) error) {
	p.t.Helper()
	ctx, cancel := context.WithTimeout(p.ctx, patience)
	defer cancel()
	for {
		err := try(ctx)
		if err == nil {
			return
		}
		if chromedp.Do(ctx, chromedp.Sleep(pause)) != nil {
			p.t.Fatalf("%s: %v\n%s", what, err, p.state())
		}
	}
}

// state describes the page for a test that fails.
func (p *Page) state() string {
	ctx, cancel := context.WithTimeout(p.ctx, patience)
	defer cancel()
	text, err := chromedp.Run(ctx, chromedp.Evaluate[string](`location.href + " reads:\n" + document.body.innerText`))
	if err != nil {
		return "The page cannot be read: " + err.Error()
	}
	return text
}

// pressable finds what can be clicked by the words on it, field a control by its label.
func pressable(words string) chromedp.JSPath {
	return chromedp.JSPath(`[...document.querySelectorAll("button, a, summary")].find((e) => e.checkVisibility() && e.innerText.trim().replace(/\s+/g, " ") === ` + quote(words) + `)`)
}

func field(label string) chromedp.JSPath {
	return chromedp.JSPath(`[...document.querySelectorAll("input, textarea, select")].find((e) => e.checkVisibility() && [...e.labels].some((l) => l.innerText.trim().startsWith(` + quote(label) + `)))`)
}

// quote makes a literal of JavaScript.
func quote(s string) string {
	b, _ := json.Marshal(s) // a string always marshals
	return string(b)
}
