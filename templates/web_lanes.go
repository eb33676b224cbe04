package templates

import (
	"cmp"
	"slices"
	"strconv"
	"strings"
	"time"
)

// LanesPage is what the first page is rendered from.
type LanesPage struct {
	Lacking []Lacking // installations that cannot do all that they should
	Lanes   []LaneView
	Recent  []RunLine // newest first
	Now     time.Time
}

// LanePage is one lane with a part of its history.
type LanePage struct {
	Lane  LaneView
	Past  []RunLine // newest first
	First bool      // the newest are among them
	Older string    // page of those before; "" when there are none
	Back  *BackLink // nil: nobody can take it back from here
	Now   time.Time
}

// Lanes renders the first page: what is live, what waits and for whom.
func (p *Pages) Lanes(page LanesPage) ([]byte, error) {
	slices.SortStableFunc(page.Lanes, func(a, b LaneView) int {
		return cmp.Or(cmp.Compare(order(a), order(b)), strings.Compare(a.Title(), b.Title()), strings.Compare(string(a.Lane), string(b.Lane)))
	})
	title := "Lanes"
	if n := page.Waiting(); n > 0 {
		title = "(" + strconv.Itoa(n) + ") Lanes"
	}
	return p.render("lanes", frame{Title: title, Here: "lanes", Follow: "all", Now: page.Now, Page: page})
}

// order puts lanes behind a gate first: production before staging.
func order(v LaneView) int {
	if v.Gated {
		return 0
	}
	return 1
}

// Lane renders one lane with a part of its history.
func (p *Pages) Lane(page LanePage) ([]byte, error) {
	v := page.Lane
	return p.render("lane", frame{
		Title: plain(v.Title()) + " · " + plain(string(v.Lane)), Follow: "lane/" + tenantID(v.Installation, string(v.Lane)), Now: page.Now, Page: page,
	})
}

// Waiting counts the runs that wait for people.
func (l LanesPage) Waiting() int {
	n := 0
	for _, v := range l.Lanes {
		n += len(v.AtGate)
	}
	return n
}

// Summary is the state of everything in one sentence.
func (l LanesPage) Summary() string {
	var waits, moves []string
	for _, v := range l.Lanes {
		for _, r := range v.AtGate {
			waits = append(waits, brief(r.Release.Version)+" waits for people before "+plain(r.Facts.Environment))
		}
		for _, r := range v.Moving {
			moves = append(moves, brief(r.Release.Version)+" is on its way to "+plain(r.Facts.Environment))
		}
		if v.Holder != nil {
			moves = append(moves, brief(v.Holder.Release.Version)+" goes to "+plain(v.Holder.Facts.Environment))
		}
	}
	all := append(waits, moves...)
	if len(all) == 0 {
		return "Nothing runs and nothing waits."
	}
	text := list(few(all, 3))
	return text + "."
}

// tenantID is an item's id as the stream of news names it.
func tenantID(installation int64, id string) string {
	return strconv.FormatInt(installation, 10) + "/" + id
}
