package handlers

import (
	"testing"
	"time"

	"github.com/chromedp/chromedp/kb"

	"github.com/gatehouse-app/gatehouse/internal/browsertest"
	"github.com/gatehouse-app/gatehouse/internal/engine"
	"github.com/gatehouse-app/gatehouse/pipeline"
)

// TestPagesOnEveryScreen looks at each page on a desk and on a phone, by day and
// by night. GATEHOUSE_SHOTS=DIR keeps the pictures.
func TestPagesOnEveryScreen(t *testing.T) {
	url, _ := openPages(t, busyShelf())
	empty, _ := openPages(t, &shelf{})
	lacking, _ := openPages(t, &shelf{lacks: []pipeline.Lack{lack(5)}})
	p := browsertest.New(t)
	for name, page := range map[string]struct{ at, words string }{
		"lanes":   {url + "/", "Review deployments"},
		"lacking": {lacking + "/", "No workflow can be started"},
		"empty":   {empty + "/", "What to do first"},
		"lane":    {url + "/lanes/5/avalo-c8c46", "History"},
		"gate":    {url + "/runs/" + string(idGate), "How to approve"},
		"failed":  {url + "/runs/" + string(idFailed), "Why it ended"},
		"queued":  {url + "/runs/" + string(idQueued), "The run in front of it"},
		"running": {url + "/runs/" + string(idMoving), "Stages"},
		"live":    {url + "/runs/" + string(idLive), "succeeded"},
		"hostile": {url + "/runs/" + string(idHostile), "<script>alert(1)</script>"},
	} {
		for _, dark := range []bool{false, true} {
			for kind, width := range map[string]int64{"desk": 1280, "phone": browsertest.Phone} {
				p.Dark(dark)
				p.Width(width)
				p.Open(page.at)
				p.See(page.words)
				p.Sound()
				if faint := browsertest.Eval[[]string](p, faintTexts); len(faint) > 0 {
					t.Errorf("%s, dark %v: hard to read: %q", name, dark, faint)
				}
				theme := "light"
				if dark {
					theme = "dark"
				}
				p.Shot("page-" + name + "-" + kind + "-" + theme)
			}
		}
	}
}

// faintTexts are texts whose contrast is below WCAG's 4.5 to 1.
const faintTexts = `(() => {
  const rgb = (c) => c.match(/[\d.]+/g).map(Number), lum = (c) => {
    const [r, g, b] = rgb(c).map((v) => (v /= 255) <= 0.03928 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4);
    return 0.2126 * r + 0.7152 * g + 0.0722 * b;
  };
  const behind = (e) => { for (; e; e = e.parentElement) { const c = getComputedStyle(e).backgroundColor; if (rgb(c)[3] !== 0) return c; } return "rgb(255,255,255)"; };
  const out = [], walk = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  for (let n; (n = walk.nextNode());) {
    const e = n.parentElement;
    if (!n.data.trim() || !e.checkVisibility() || e.closest(".sr, .skip, noscript")) continue;
    const [a, b] = [lum(getComputedStyle(e).color), lum(behind(e))], ratio = (Math.max(a, b) + 0.05) / (Math.min(a, b) + 0.05);
    if (ratio < 4.5) out.push(ratio.toFixed(2) + " " + n.data.trim().slice(0, 40));
  }
  return out;
})()`

// A page follows its run without being loaded again, and leaves the focus where it was.
func TestPageIsLive(t *testing.T) {
	s := busyShelf()
	url, feed := openPages(t, s)
	p := browsertest.New(t)
	p.Open(url + "/runs/" + string(idMoving))
	p.See("Live", "running")
	browsertest.Eval[bool](p, `(() => { window.same = true; document.querySelector("#actions a").focus(); return true; })()`)
	s.change(idMoving, func(r *pipeline.Run) { atTheGate(r) })
	feed.Changed(engine.RunRef(5, idMoving), "2")
	p.See("waits for approval", "How to approve")
	if !browsertest.Eval[bool](p, `window.same === true && document.activeElement.textContent.startsWith("Checks on GitHub")`) {
		t.Error("the page was loaded again, or the focus has moved")
	}
	if got := browsertest.Eval[string](p, `document.title`); got != "v1.3.0 · production · waits for approval · Gatehouse" {
		t.Errorf("the window is called %q", got)
	}
	p.Sound()
}

// A lane that changes changes the first page.
func TestLanesAreLive(t *testing.T) {
	s := busyShelf()
	url, feed := openPages(t, s)
	p := browsertest.New(t)
	p.Open(url + "/")
	p.See("Live", "v1.3.0 is on its way to production")
	s.change(idMoving, func(r *pipeline.Run) {
		reach(r, "test", pipeline.StageFailed)
		ended(r, pipeline.RunFailed, &pipeline.Refusal{Code: "failed", Reason: "Test failed."})
	})
	s.mu.Lock()
	lane := *s.lanes[0]
	lane.Runs = map[pipeline.RunID]*pipeline.LaneRun{idGate: lane.Runs[idGate]}
	lane.Holder, lane.Queue = "", nil
	s.lanes = []*pipeline.Lane{&lane}
	s.mu.Unlock()
	feed.Changed(engine.LaneRef(5, pageLane), "2")
	p.See("Nothing. The lane is free.")
	p.Sound()
}

// Without the stream a page asks by itself.
func TestPageAsksWhereNothingStreams(t *testing.T) {
	s := busyShelf()
	url, feed := openPages(t, s)
	feed.Close()
	p := browsertest.New(t)
	p.Open(url + "/runs/" + string(idMoving))
	p.See("Checks every 5 s")
	s.change(idMoving, func(r *pipeline.Run) { atTheGate(r) })
	p.See("How to approve")
}

// Without scripts a page reads as well, and reloads by itself.
func TestPageWithoutScripts(t *testing.T) {
	url, _ := openPages(t, busyShelf())
	p := browsertest.New(t)
	p.NoScripts()
	p.Open(url + "/runs/" + string(idGate))
	p.See("Reloads every 15 s", "How to approve", "26 min ago")
	if got := browsertest.Eval[string](p, `document.querySelector("meta[http-equiv=refresh]").content`); got != "15" {
		t.Errorf("it reloads after %q seconds", got)
	}
	p.Press("Lanes")
	p.See("Waits for people")
}

// The keyboard reaches everything, in the order in which it is read, and shows where it is.
func TestPageByKeyboard(t *testing.T) {
	url, _ := openPages(t, busyShelf())
	p := browsertest.New(t)
	p.Open(url + "/runs/" + string(idGate))
	p.See("Live")
	focused := func() string {
		return browsertest.Eval[string](p, `document.activeElement.innerText.trim().split("\n")[0]`)
	}
	p.Keys(kb.Tab)
	if got := focused(); got != "Skip to the content" {
		t.Errorf("the first is %q", got)
	}
	p.Keys(kb.Enter)
	if got := browsertest.Eval[string](p, `document.activeElement.id`); got != "main" {
		t.Errorf("the skip link leads to %q", got)
	}
	for _, want := range []string{"Lanes", "production", "Review deployments", "Checks on GitHub", "production site", "Press Review deployments in GitHub"} {
		p.Keys(kb.Tab)
		if got := focused(); got != want {
			t.Errorf("the focus is on %q, want %q", got, want)
		}
		if browsertest.Eval[string](p, `getComputedStyle(document.activeElement).outlineStyle`) == "none" {
			t.Errorf("nothing shows that the focus is on %q", want)
		}
	}
}

// Words of times are the same whether the server or the page's script finds them.
func TestTimesAreTold(t *testing.T) {
	s, p := busyShelf(), browsertest.New(t)
	p.Open("about:blank") // the browser has started, which may take longer than the minute that the words hold
	s.change(idHolder, func(r *pipeline.Run) { r.CreatedAt = time.Now().Add(-3*time.Hour - 10*time.Minute) })
	url, _ := openPages(t, s)
	p.Open(url + "/runs/" + string(idHolder))
	p.See("started by dana 3 h ago", "for 3h 10m")
}
