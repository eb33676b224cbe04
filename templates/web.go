package templates

import (
	"bytes"
	"crypto/sha256"
	"embed"
	"encoding/hex"
	"fmt"
	"html/template"
	"io/fs"
	"strings"
	"time"
)

//go:embed html
var pageFiles embed.FS

// Pages renders the web pages. All text by people goes through plain and then
// through html/template, which escapes for the place where it stands.
type Pages struct {
	pages   map[string]*template.Template
	assets  map[string]Asset
	version string
	viewer  *Viewer // nil: the operator, at this machine
}

// Asset is a file that pages need: their style, script or icon.
type Asset struct {
	Type string // MIME type
	Body []byte
}

// frame is what every page has around its content.
type frame struct {
	Title   string // of the window
	Here    string // the entry of the navigation that is open
	Follow  string // the items whose news concern the page, separated by spaces; "all"; "" for a page that never changes
	Version string // of the assets
	Viewer  *Viewer
	Form    bool // people type here, so that nothing may load the page anew
	Renew   int  // after how many seconds the page is loaded anew, script or not; 0: it is not
	Now     time.Time
	Page    any
}

// NewPages reads the templates. An error is one of the build.
func NewPages() (*Pages, error) {
	p := &Pages{pages: map[string]*template.Template{}, assets: map[string]Asset{}}
	files, err := fs.Sub(pageFiles, "html")
	if err != nil {
		return nil, err
	}
	base, err := template.New("layout.tmpl").Funcs(webFuncs()).ParseFS(files, "layout.tmpl", "parts.tmpl")
	if err != nil {
		return nil, fmt.Errorf("read the pages: %w", err)
	}
	for _, name := range []string{"lanes", "lane", "run", "message", "signin", "again", "account", "approvals", "pair", "back"} {
		page, err := base.Clone()
		if err == nil {
			page, err = page.ParseFS(files, name+".tmpl")
		}
		if err != nil {
			return nil, fmt.Errorf("read the page %s: %w", name, err)
		}
		p.pages[name] = page
	}
	return p, p.readAssets(files)
}

func (p *Pages) readAssets(files fs.FS) error {
	sum := sha256.New()
	for name, mime := range map[string]string{
		"style.css": "text/css; charset=utf-8", "live.js": "text/javascript; charset=utf-8", "icon.svg": "image/svg+xml",
	} {
		body, err := fs.ReadFile(files, name)
		if err != nil {
			return err
		}
		p.assets[name] = Asset{Type: mime, Body: body}
	}
	for _, name := range []string{"style.css", "live.js", "icon.svg"} {
		sum.Write(p.assets[name].Body)
	}
	p.version = hex.EncodeToString(sum.Sum(nil))[:12]
	return nil
}

// Asset returns a file by its name.
func (p *Pages) Asset(name string) (Asset, bool) {
	a, ok := p.assets[name]
	return a, ok
}

func (p *Pages) render(name string, f frame) ([]byte, error) {
	f.Version, f.Viewer = p.version, p.viewer
	var b bytes.Buffer
	if err := p.pages[name].Execute(&b, f); err != nil {
		return nil, fmt.Errorf("render the page %s: %w", name, err)
	}
	return b.Bytes(), nil
}

// Message is a page with nothing but a text.
type Message struct {
	Title string
	Lines []string
	Links []Link
}

// Link is an address with its words.
type Link struct{ Text, URL string }

// Message renders a text for people, such as why there is no page.
func (p *Pages) Message(m Message, now time.Time) ([]byte, error) {
	return p.render("message", frame{Title: m.Title, Now: now, Page: m})
}

// tone is what a status is to its reader. The style sheet gives it a color; a
// sign and a word always stand beside it.
type tone string

const (
	toneGood tone = "good"
	toneBad  tone = "bad"
	toneWait tone = "wait" // for people
	toneBusy tone = "busy"
	toneIdle tone = "idle"
)

// sign is the drawing and the tone of a status.
type sign struct {
	Symbol string // an id in parts.tmpl
	Tone   tone
	Text   string
}

// signOf draws a word. The icons of the other surfaces are emoji, which look
// different on every machine.
func signOf(w Word) sign {
	s := sign{Symbol: "dot", Tone: toneIdle, Text: w.Text}
	switch w.Icon {
	case "✅":
		s.Symbol, s.Tone = "check", toneGood
	case "❌":
		s.Symbol, s.Tone = "cross", toneBad
	case "⛔":
		s.Symbol, s.Tone = "stop", toneBad
	case "⌛":
		s.Symbol, s.Tone = "clock", toneBad
	case "✋":
		s.Symbol, s.Tone = "hand", toneWait
	case "🔄":
		s.Symbol, s.Tone = "busy", toneBusy
	case iconBlocked:
		s.Symbol, s.Tone = "warn", toneWait
	case iconRunner:
		s.Symbol, s.Tone = "clock", toneWait
	case "🔒", "🧊":
		s.Symbol, s.Tone = "lock", toneWait
	case "🕒":
		s.Symbol, s.Tone = "clock", toneIdle
	case "⏩":
		s.Symbol = "skip"
	case "🚫":
		s.Symbol = "stop"
	}
	return s
}

// moment is a time as the pages show it: relative, with the whole of it beside.
type moment struct{ ISO, Full, Ago, Clock string }

func momentOf(now, at time.Time) moment {
	if at.IsZero() {
		return moment{}
	}
	at, now = at.UTC(), now.UTC()
	clock := at.Format("15:04:05")
	if at.YearDay() != now.YearDay() || at.Year() != now.Year() {
		clock = at.Format("2 Jan, 15:04")
	}
	return moment{Clock: clock, ISO: at.Format(time.RFC3339), Full: at.Format("2 Jan 2006, 15:04:05 UTC"), Ago: ago(now, at)}
}

// ago says how far a time is from now; live.js has the same words.
func ago(now, at time.Time) string {
	d := now.Sub(at)
	var text string
	switch {
	case d.Abs() < 45*time.Second:
		return "just now"
	case d.Abs() < time.Hour:
		text = fmt.Sprintf("%d min", d.Abs()/time.Minute)
	case d.Abs() < 96*time.Hour:
		text = fmt.Sprintf("%d h", d.Abs()/time.Hour)
	default:
		text = fmt.Sprintf("%d days", d.Abs()/(24*time.Hour))
	}
	if d < 0 {
		return "in " + text
	}
	return text + " ago"
}

func webFuncs() template.FuncMap {
	return template.FuncMap{
		"t": plain, "brief": brief, "sentence": sentence, "first": first, "count": count,
		"sign": signOf, "moment": momentOf, "list": list, "either": either, "few": few,
		"unmatchedHead": func() string { return unmatchedHead }, "unmatchedWhy": func() string { return unmatchedWhy },
		"url": safeURL, "paste": paste, "verb": verb, "shortSHA": short,
		"busy":      func() Word { return Word{"🔄", "working"} },
		"more":      Release.more,
		"since":     func(now, at time.Time) string { return span(max(0, now.Sub(at))) },
		"lane":      func(now time.Time, v LaneView) laneAt { return laneAt{v, now} },
		"approvals": func(now time.Time, lines []ApprovalLine) approvalsAt { return approvalsAt{lines, now} },
		"lines":     func(now time.Time, lines []RunLine) linesAt { return linesAt{lines, now} },
		"texts":     func(all []string) []string { return each(all, plain) },
		"iso": func(t time.Time) string {
			if t.IsZero() {
				return ""
			}
			return t.UTC().Format(time.RFC3339)
		},
	}
}

// laneAt and linesAt are what a part of a page is rendered from.
type laneAt struct {
	Lane LaneView
	Now  time.Time
}

type linesAt struct {
	Lines []RunLine
	Now   time.Time
}

type approvalsAt struct {
	Lines []ApprovalLine
	Now   time.Time
}

// brief is a name in a heading or a list, where one that has no end would bury
// everything else. Its own page has the whole of it.
func brief(s string) string { return clip(plain(s), 72) }

// paste shows lines to paste, harmless and otherwise as they are.
func paste(s string) string {
	var b strings.Builder
	for line := range strings.Lines(clip(s, 4000)) {
		b.WriteString(indented(strings.TrimRight(line, "\n")) + "\n")
	}
	return b.String()
}

// verb makes words of the audit trail's kebab-case.
func verb(what string) string { return first(strings.ReplaceAll(what, "-", " ")) }
