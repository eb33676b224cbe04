package pipeline

import (
	"fmt"
	"strconv"
	"strings"
	"time"
)

// Zones answers with a time zone by its IANA name.
type Zones func(name string) (*time.Location, error)

// Frozen is a freeze that is on.
type Frozen struct {
	Until  time.Time `json:"until"` // when it ends, with all that follow upon it
	Reason string    `json:"reason,omitempty"`
	Local  string    `json:"local,omitempty"` // the end as the clocks there show it
}

// maxChained is how many windows are joined to find the end of a freeze: those
// that leave no gap between them may have none.
const maxChained = 200

// unknownZone is how long a freeze is taken to be on whose zone is not known.
const unknownZone = time.Hour

// FrozenAt answers whether a freeze is on at that time, and until when; nil: none
// is. A zone that nobody knows counts as frozen.
func FrozenAt(all []Freeze, at time.Time, zones Zones) *Frozen {
	var found *Frozen
	end := at
	for range maxChained {
		on := onAt(all, end, zones)
		if on == nil {
			break
		}
		if found == nil {
			found = &Frozen{Reason: on.Reason}
		}
		found.Until, found.Local = on.Until, on.Local
		end = on.Until
	}
	return found
}

// onAt is the window that is on and ends last.
func onAt(all []Freeze, at time.Time, zones Zones) *Frozen {
	var found *Frozen
	for _, f := range all {
		on := f.on(at, zones)
		if on != nil && (found == nil || on.Until.After(found.Until)) {
			found = on
		}
	}
	return found
}

func (f Freeze) on(at time.Time, zones Zones) *Frozen {
	loc, err := zoneOf(f.TimeZone, zones)
	if err != nil {
		return &Frozen{Until: at.Add(unknownZone), Reason: fmt.Sprintf("the time zone %s is not known here, so that its freeze is taken to be on", f.TimeZone)}
	}
	start, end, ok := f.window(at, loc)
	if !ok || at.Before(start) || !at.Before(end) {
		return nil
	}
	on := &Frozen{Until: end.UTC(), Reason: f.Reason}
	if loc != time.UTC {
		on.Local = strings.ToUpper(end.In(loc).Format("Mon 15:04")) + " " + f.TimeZone
	}
	return on
}

func zoneOf(name string, zones Zones) (*time.Location, error) {
	switch {
	case name == "" || name == "UTC":
		return time.UTC, nil
	case zones == nil:
		return nil, fmt.Errorf("no time zone is known but UTC")
	}
	return zones(name)
}

// window is the one window that can be on at that time.
func (f Freeze) window(at time.Time, loc *time.Location) (start, end time.Time, ok bool) {
	if f.From != "" {
		from, errFrom := time.Parse(time.DateOnly, f.From)
		to, errTo := time.Parse(time.DateOnly, f.To)
		return moment(from, 0, loc, false), moment(to.AddDate(0, 0, 1), 0, loc, true), errFrom == nil && errTo == nil
	}
	day, clock, okFrom := weekTime(f.Every)
	last, lastClock, okTo := weekTime(f.Until)
	if !okFrom || !okTo {
		return start, end, false
	}
	local := at.In(loc)
	date := time.Date(local.Year(), local.Month(), local.Day(), 0, 0, 0, 0, time.UTC)
	date = date.AddDate(0, 0, -int((7+date.Weekday()-day)%7))
	if start = moment(date, clock, loc, false); start.After(at) {
		date = date.AddDate(0, 0, -7)
		start = moment(date, clock, loc, false)
	}
	length := int((7 + last - day) % 7)
	if length == 0 && lastClock <= clock {
		length = 7
	}
	return start, moment(date.AddDate(0, 0, length), lastClock, loc, true), true
}

// weekTime reads "FRI 15:00".
func weekTime(text string) (day time.Weekday, clock time.Duration, ok bool) {
	name, rest, _ := strings.Cut(text, " ")
	hour, minute, _ := strings.Cut(rest, ":")
	h, errHour := strconv.Atoi(hour)
	m, errMinute := strconv.Atoi(minute)
	i := strings.Index("SUNMONTUEWEDTHUFRISAT", name)
	ok = errHour == nil && errMinute == nil && len(name) == 3 && i%3 == 0
	return time.Weekday(i / 3), time.Duration(h)*time.Hour + time.Duration(m)*time.Minute, ok
}

// moment is when the clocks of a place show that time of a date. Where they show
// it twice, since they are put back, it is the later one if that is wanted, else
// the earlier; where they never do, it is the moment at which they are put on.
// So a freeze is never shorter than it reads.
func moment(date time.Time, clock time.Duration, loc *time.Location, later bool) time.Time {
	wall := date.Add(clock)
	_, before := wall.Add(-30 * time.Hour).In(loc).Zone()
	_, after := wall.Add(30 * time.Hour).In(loc).Zone()
	first, second := wall.Add(-secs(before)), wall.Add(-secs(after))
	if second.Before(first) {
		first, second = second, first
	}
	shows := func(t time.Time) bool {
		_, offset := t.In(loc).Zone()
		return t.Add(secs(offset)).Equal(wall)
	}
	switch {
	case shows(first) && shows(second) && later, !shows(first) && shows(second):
		return second
	case shows(first):
		return first
	}
	_, end := first.In(loc).ZoneBounds()
	return end
}

func secs(n int) time.Duration { return time.Duration(n) * time.Second }

// refusal says that a freeze keeps something waiting.
func (f *Frozen) refusal(environment string, commanders []Principal) Refusal {
	r := Refusal{
		Code: "frozen", Reason: fmt.Sprintf("%s is frozen until %s", environment, clock(f.Until)),
		Fix: "It goes by itself then. To let it go before, with a reason: /unfreeze " + environment + " REASON.",
		Who: names(append([]Principal{{Role: "maintain"}}, commanders...)),
	}
	if f.Local != "" {
		r.Reason += " (" + f.Local + ")"
	}
	if f.Reason != "" {
		r.Reason += ": " + f.Reason
	}
	r.Reason = ended(r.Reason)
	return r
}
