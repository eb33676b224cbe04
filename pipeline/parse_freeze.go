package pipeline

import (
	"fmt"
	"strings"
	"time"
)

func (p *parser) freezes(v value) []Freeze {
	var list []Freeze
	for _, e := range p.items(v, "freeze: [{every: FRI 15:00, until: MON 08:00, timezone: Europe/Warsaw}]") {
		if f, ok := p.fields(e, "a freeze", "every", "from", "until", "timezone", "reason"); ok {
			list = append(list, p.freeze(f))
		}
	}
	return list
}

// freeze reads a window in one of its two forms: every week, or once. Without
// a time zone it is in UTC.
func (p *parser) freeze(f fields) Freeze {
	z := Freeze{TimeZone: "UTC"}
	if zone, ok := f.text("timezone"); ok {
		z.TimeZone = zone
		p.zone(f.at("timezone"), zone)
	}
	z.Reason, _ = f.text("reason")
	if f.has("every") == f.has("from") || !f.has("until") {
		p.refuse(f.in, codeFreezeForm, "A freeze has either every and until, or from and until.", "Write {every: FRI 15:00, until: MON 08:00} for each week, or {from: 2026-12-23, until: 2027-01-02} for once.")
		return z
	}
	if f.has("every") {
		z.Every, z.Until = p.weekly(f, "every"), p.weekly(f, "until")
		if z.Every != "" && z.Every == z.Until {
			p.refuse(f.at("until"), codeFreezeTime, "The freeze ends at the moment at which it begins.", "Write the time at which the door opens again.")
		}
		return z
	}
	z.From, z.To = p.date(f, "from"), p.date(f, "until")
	if z.From != "" && z.To != "" && z.To < z.From {
		p.refuse(f.at("until"), codeFreezeTime, fmt.Sprintf("The freeze ends on %s, before it begins on %s.", z.To, z.From), "Exchange the two dates, or correct the year.")
	}
	return z
}

// weekly reads FRI 15:00.
func (p *parser) weekly(f fields, name string) string {
	text, ok := f.text(name)
	if !ok {
		return ""
	}
	weekday, clock, _ := strings.Cut(strings.ToUpper(text), " ")
	hour, minute, _ := strings.Cut(clock, ":")
	known := len(weekday) == 3 && strings.Contains("MON TUE WED THU FRI SAT SUN", weekday)
	if !known || !twoDigits(hour, 23) || !twoDigits(minute, 59) {
		p.refuse(f.at(name), codeFreezeTime, fmt.Sprintf("%s is no time of a week.", quoted(text)), "Write a weekday in three letters and a time of 24 hours: FRI 15:00.")
		return ""
	}
	return weekday + " " + clock
}

// date reads 2026-12-23.
func (p *parser) date(f fields, name string) string {
	text, ok := f.text(name)
	if !ok {
		return ""
	}
	if _, err := time.Parse(time.DateOnly, text); err != nil {
		p.refuse(f.at(name), codeFreezeTime, fmt.Sprintf("%s is no date.", quoted(text)), "Write year-month-day: 2026-12-23.")
		return ""
	}
	return text
}
