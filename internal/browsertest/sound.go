package browsertest

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"github.com/chromedp/cdproto/cdp"
	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/cdproto/log"
	"github.com/chromedp/cdproto/runtime"
	"github.com/chromedp/chromedp"
)

// Phone is the width that every page must fit into.
const Phone = 400

// Width makes the window this many CSS pixels wide.
func (p *Page) Width(px int64) {
	p.t.Helper()
	p.do("resize", chromedp.EmulateViewport(px, height))
}

// Dark sets whether the person prefers the dark color scheme.
func (p *Page) Dark(on bool) {
	p.t.Helper()
	scheme := "light"
	if on {
		scheme = "dark"
	}
	p.do("prefer "+scheme, chromedp.Func(func(ctx context.Context, t *chromedp.Target) error {
		_, err := cdp.Call(ctx, t, emulation.SetEmulatedMedia, emulation.SetEmulatedMediaParams{
			Features: []*emulation.MediaFeature{{Name: "prefers-color-scheme", Value: scheme}},
		})
		return err
	}))
}

// NoScripts makes the pages that are opened from now on do without JavaScript.
func (p *Page) NoScripts() {
	p.t.Helper()
	p.do("forbid scripts", chromedp.Func(func(ctx context.Context, t *chromedp.Target) error {
		_, err := cdp.Call(ctx, t, emulation.SetScriptExecutionDisabled, emulation.SetScriptExecutionDisabledParams{Value: true})
		return err
	}))
}

// Shot writes the whole page as NAME.png into the directory GATEHOUSE_SHOTS; without that variable it does nothing.
func (p *Page) Shot(name string) {
	p.t.Helper()
	dir := os.Getenv("GATEHOUSE_SHOTS")
	if dir == "" {
		return
	}
	ctx, cancel := context.WithTimeout(p.ctx, patience)
	defer cancel()
	png, err := chromedp.Run(ctx, chromedp.FullScreenshot(100))
	if err == nil {
		err = os.MkdirAll(dir, 0o750)
	}
	if err == nil {
		err = os.WriteFile(filepath.Join(dir, name+".png"), png, 0o600)
	}
	if err != nil {
		p.t.Errorf("take a picture of the page: %v", err)
	}
}

// Sound fails the test, and lets it go on, if the console has complained since
// the page was made, if the page is wider than the window, or if a control has
// no name that a screen reader could say.
func (p *Page) Sound() {
	p.t.Helper()
	for _, trouble := range p.Troubles() {
		p.t.Errorf("%s: %s", p.URL(), trouble)
	}
}

// Troubles are what Sound objects to.
func (p *Page) Troubles() []string {
	p.t.Helper()
	found := Eval[[]string](p, troubles)
	p.mu.Lock()
	defer p.mu.Unlock()
	return append(found, p.troubles...)
}

// troubles looks for what is too wide, but not inside of something that
// scrolls, and for controls without a name.
const troubles = `(() => {
  const out = [], root = document.documentElement, wide = root.clientWidth;
  const called = (e) => e.outerHTML.slice(0, 120);
  const scrolls = (e) => e && e !== root && (getComputedStyle(e).overflowX !== "visible" || scrolls(e.parentElement));
  if (root.scrollWidth > wide) {
    const first = [...document.body.querySelectorAll("*")].find((e) => e.getBoundingClientRect().right > wide + 1 && !scrolls(e));
    out.push("the page is " + root.scrollWidth + " px wide in a window of " + wide + (first ? ": " + called(first) : ""));
  }
  for (const e of document.querySelectorAll("input:not([type=hidden]), select, textarea, button, a[href], summary")) {
    const name = e.labels && e.labels.length && e.tagName !== "BUTTON" ? e.labels[0].textContent : e.textContent;
    const field = e.matches("input, select, textarea");
    if (!(field && !(e.labels && e.labels.length) ? "" : name).trim() && !e.getAttribute("aria-label")) out.push("a control has no name: " + called(e));
  }
  return out;
})()`

// listen collects what the console complains of. It runs between two messages of the browser.
func (p *Page) listen(event any) {
	trouble := ""
	switch e := event.(type) {
	case *runtime.EventExceptionThrown:
		trouble = e.ExceptionDetails.Text
		if e.ExceptionDetails.Exception != nil {
			trouble += " " + e.ExceptionDetails.Exception.Description
		}
	case *runtime.EventConsoleAPICalled:
		if e.Type == runtime.ConsoleAPICalledTypeError || e.Type == runtime.ConsoleAPICalledTypeAssert {
			trouble = words(e.Args)
		}
	case *log.EventEntryAdded:
		if e.Entry.Level == log.EntryLevelError {
			trouble = fmt.Sprintf("%s %s", e.Entry.Text, e.Entry.URL)
		}
	}
	if trouble != "" {
		p.mu.Lock()
		defer p.mu.Unlock()
		p.troubles = append(p.troubles, "console: "+trouble)
	}
}

func words(args []*runtime.RemoteObject) string {
	var out []string
	for _, a := range args {
		out = append(out, strings.Trim(string(a.Value), `"`)+a.Description)
	}
	return strings.Join(out, " ")
}
