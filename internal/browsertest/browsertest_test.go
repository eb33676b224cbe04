package browsertest_test

import (
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/chromedp/chromedp/kb"

	"github.com/gatehouse-app/gatehouse/internal/browsertest"
)

const (
	head = `<!doctype html><html lang="en"><meta name="viewport" content="width=device-width, initial-scale=1"><link rel="icon" href="data:,"><title>A page</title>`
	form = head + `<style>body { background: white } @media (prefers-color-scheme: dark) { body { background: black } }</style>
<form method="post"><label>Name <input name="name"></label>
<label><input type="checkbox" name="sure" value="yes"> I am sure</label>
<label>Color <select name="color"><option value="r">red</option><option value="g">green</option></select></label>
<details><summary>More</summary><button>Send it</button></details></form>
<p id="script">no scripts</p><script>document.querySelector("#script").textContent = "scripts run"</script>`
	bad = head + `<input name="nameless"><div style="width: 700px">wide</div><div style="overflow-x: auto"><p style="width: 900px">may scroll</p></div>
<script>console.error("it is", "broken"); fetch("/missing").then(() => document.body.append("fetched")); throw new Error("thrown")</script>`
)

// site answers a form with what was sent.
func site(t *testing.T) string {
	t.Helper()
	mux := http.NewServeMux()
	for path, body := range map[string]string{"GET /{$}": form, "GET /bad": bad} {
		mux.HandleFunc(path, func(w http.ResponseWriter, _ *http.Request) { _, _ = io.WriteString(w, body) })
	}
	mux.HandleFunc("POST /{$}", func(w http.ResponseWriter, r *http.Request) {
		_ = r.ParseForm()
		_, _ = io.WriteString(w, head+"<p>sent "+r.PostForm.Encode()+"</p>")
	})
	server := httptest.NewServer(mux)
	t.Cleanup(server.Close)
	return server.URL
}

func TestAPageIsUsedByWhatIsWrittenOnIt(t *testing.T) {
	p, url := browsertest.New(t), site(t)
	p.Open(url)
	p.See("scripts run")
	p.Find("summary")
	p.Fill("Name", "ada")
	p.Tick("I am sure")
	p.Choose("Color", "g")
	p.Press("More")
	p.Press("Send it")
	p.See("sent color=g&name=ada&sure=yes")
	p.Sound()
}

func TestTheKeyboardWorks(t *testing.T) {
	p, url := browsertest.New(t), site(t)
	p.Open(url)
	p.Keys(kb.Tab + "ada" + kb.Tab + " " + kb.Tab + kb.Tab + kb.Enter + kb.Tab + kb.Enter)
	p.See("sent color=r&name=ada&sure=yes")
}

func TestWithoutScripts(t *testing.T) {
	p, url := browsertest.New(t), site(t)
	p.NoScripts()
	p.Open(url)
	p.See("no scripts")
	p.Fill("Name", "ada")
	p.Press("More")
	p.Press("Send it")
	p.See("name=ada")
}

func TestTroublesAreFound(t *testing.T) {
	p, url := browsertest.New(t), site(t)
	p.Width(browsertest.Phone)
	p.Open(url + "/bad")
	p.See("fetched")
	troubles := strings.Join(p.Troubles(), "\n")
	for _, want := range []string{"px wide in a window of 400: <div style=\"width: 700px\">", `no name: <input name="nameless">`, "it is broken", "/missing", "Error: thrown"} {
		if !strings.Contains(troubles, want) {
			t.Errorf("%q is not among the troubles:\n%s", want, troubles)
		}
	}
}

func TestColorSchemeAndPictures(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "shots")
	t.Setenv("GATEHOUSE_SHOTS", dir)
	p, url := browsertest.New(t), site(t)
	for name, want := range map[string]string{"light": "rgb(255, 255, 255)", "dark": "rgb(0, 0, 0)"} {
		p.Dark(name == "dark")
		p.Open(url)
		if got := browsertest.Eval[string](p, `getComputedStyle(document.body).backgroundColor`); got != want {
			t.Errorf("the %s background is %s, want %s", name, got, want)
		}
		p.Shot(name)
		b, err := os.ReadFile(filepath.Join(dir, name+".png"))
		if err != nil || !strings.HasPrefix(string(b), "\x89PNG") {
			t.Errorf("the picture %s: %v", name, err)
		}
	}
}
