package audit

import (
	"encoding/csv"
	"encoding/json"
	"fmt"
	"io"
	"strconv"
	"strings"
	"time"
)

// Writer writes lines in one form. Close says what could not be written.
type Writer interface {
	Write(l Line) error
	Close() error
}

// Forms are the names of the forms that NewWriter knows.
func Forms() []string { return []string{"jsonl", "csv"} }

// NewWriter writes JSON lines (jsonl) or CSV with a line of names (csv).
func NewWriter(form string, to io.Writer) (Writer, error) {
	switch form {
	case "jsonl":
		return jsonLines{json.NewEncoder(to)}, nil
	case "csv":
		c := table{csv.NewWriter(to)}
		return c, c.to.Write(columns())
	}
	return nil, fmt.Errorf("%q is no form of the export: choose %s", form, strings.Join(Forms(), " or "))
}

type jsonLines struct{ to *json.Encoder }

func (w jsonLines) Write(l Line) error { return w.to.Encode(l) }

func (w jsonLines) Close() error { return nil }

type table struct{ to *csv.Writer }

func columns() []string {
	return []string{
		"installation", "lane", "seq", "at", "run", "who", "github_id", "slack", "from", "what", "on", "why", "release", "policy", "prev", "hash",
	}
}

func (w table) Write(l Line) error {
	id := ""
	if l.ID != 0 {
		id = strconv.FormatInt(l.ID, 10)
	}
	return w.to.Write([]string{
		strconv.FormatInt(l.Installation, 10), string(l.Lane), strconv.FormatInt(l.Seq, 10), l.At.UTC().Format(time.RFC3339Nano), string(l.Run),
		cell(l.Who), id, cell(l.Slack), string(l.From), l.What, cell(l.On), cell(l.Why), l.Release, l.Policy, l.Prev, l.Hash,
	})
}

func (w table) Close() error {
	w.to.Flush()
	return w.to.Error()
}

// cell keeps a spreadsheet from taking what people typed for a formula.
func cell(text string) string {
	if text != "" && strings.ContainsRune("=+-@\t\r", rune(text[0])) {
		return "'" + text
	}
	return text
}
