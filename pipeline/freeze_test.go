package pipeline

import (
	"testing"
	"time"
)

func utc(t testing.TB, text string) time.Time {
	t.Helper()
	at, err := time.Parse(time.RFC3339, text)
	if err != nil {
		t.Fatal(err)
	}
	return at
}

// The moments at which a freeze begins and ends, also where the clocks are put on
// or back meanwhile.
func TestFreezeMoments(t *testing.T) {
	weekend := Freeze{Every: "FRI 15:00", Until: "MON 08:00", TimeZone: "Europe/Warsaw"}
	night := Freeze{Every: "SUN 02:30", Until: "SUN 03:30", TimeZone: "Europe/Warsaw"}
	for _, c := range []struct {
		name       string
		freeze     Freeze
		start, end string
	}{
		{"winter", weekend, "2026-11-27T14:00:00Z", "2026-11-30T07:00:00Z"},
		{"summer", weekend, "2026-07-03T13:00:00Z", "2026-07-06T06:00:00Z"},
		{"clocks are put on in it", weekend, "2026-03-27T14:00:00Z", "2026-03-30T06:00:00Z"},
		{"clocks are put back in it", weekend, "2026-10-23T13:00:00Z", "2026-10-26T07:00:00Z"},
		{"begins when no clock shows it", night, "2026-03-29T01:00:00Z", "2026-03-29T01:30:00Z"},
		{"begins when clocks show it twice", night, "2026-10-25T00:30:00Z", "2026-10-25T02:30:00Z"},
		{"ends when clocks show it twice", Freeze{Every: "SAT 12:00", Until: "SUN 02:15", TimeZone: "Europe/Warsaw"}, "2026-10-24T10:00:00Z", "2026-10-25T01:15:00Z"},
		{"ends when no clock shows it", Freeze{Every: "SAT 12:00", Until: "SUN 02:15", TimeZone: "Europe/Warsaw"}, "2026-03-28T11:00:00Z", "2026-03-29T01:00:00Z"},
		{"nearly a week", Freeze{Every: "FRI 15:00", Until: "FRI 14:00", TimeZone: "UTC"}, "2026-11-27T15:00:00Z", "2026-12-04T14:00:00Z"},
		{"dates", Freeze{From: "2026-12-23", To: "2027-01-02", TimeZone: "Europe/Warsaw"}, "2026-12-22T23:00:00Z", "2027-01-02T23:00:00Z"},
		{"one day, in a zone half an hour off", Freeze{From: "2026-12-24", To: "2026-12-24", TimeZone: "Asia/Kolkata"}, "2026-12-23T18:30:00Z", "2026-12-24T18:30:00Z"},
		{"a day that begins at one", Freeze{From: "2026-04-24", To: "2026-04-24", TimeZone: "Africa/Cairo"}, "2026-04-23T22:00:00Z", "2026-04-24T21:00:00Z"},
		{"leap day", Freeze{From: "2028-02-29", To: "2028-02-29"}, "2028-02-29T00:00:00Z", "2028-03-01T00:00:00Z"},
	} {
		t.Run(c.name, func(t *testing.T) {
			all, start, end := []Freeze{c.freeze}, utc(t, c.start), utc(t, c.end)
			if f := FrozenAt(all, start.Add(-time.Second), time.LoadLocation); f != nil {
				t.Errorf("frozen before it begins: %+v", f)
			}
			for _, at := range []time.Time{start, end.Add(-time.Second)} {
				if f := FrozenAt(all, at, time.LoadLocation); f == nil || !f.Until.Equal(end) {
					t.Errorf("at %s: %+v, want until %s", at, f, end)
				}
			}
			if f := FrozenAt(all, end, time.LoadLocation); f != nil {
				t.Errorf("frozen when it has ended: %+v", f)
			}
		})
	}
}

// Windows that follow upon each other are one; a zone that is not known is a "no".
func TestFreezesTogether(t *testing.T) {
	at := utc(t, "2026-12-19T12:00:00Z") // a Saturday
	all := []Freeze{
		{Every: "FRI 15:00", Until: "MON 08:00", Reason: "weekend"}, {From: "2026-12-21", To: "2026-12-26", Reason: "Christmas"},
	}
	if f := FrozenAt(all, at, nil); f == nil || f.Reason != "weekend" || !f.Until.Equal(utc(t, "2026-12-28T08:00:00Z")) {
		t.Errorf("%+v", f)
	}
	if f := FrozenAt([]Freeze{{Every: "SUN 15:00", Until: "SUN 16:00", TimeZone: "Mars/Base"}}, at, time.LoadLocation); f == nil || !f.Until.After(at) {
		t.Errorf("an unknown zone leaves the door open: %+v", f)
	}
	always := []Freeze{{Every: "MON 00:00", Until: "FRI 00:00"}, {Every: "FRI 00:00", Until: "MON 00:00"}}
	if f := FrozenAt(always, at, nil); f == nil || f.Until.Sub(at) < 300*24*time.Hour {
		t.Errorf("%+v", f)
	}
}

// zonesOfTheWorld are zones whose clocks do different things.
var zonesOfTheWorld = []string{
	"UTC", "Europe/Warsaw", "America/New_York", "Australia/Lord_Howe", "Africa/Cairo", "Asia/Kolkata", "Asia/Beirut", "Pacific/Apia", "America/Scoresbysund",
}

// FuzzFreeze holds a weekly freeze to the clock on a wall of its zone:
//
//   - it is on whenever the wall says so, and otherwise only near a moment at
//     which the clocks are put on or back, when the wall says a time twice
//   - the end that is named is the first moment at which it is off again
//   - the same question has the same answer in whatever zone it is asked
func FuzzFreeze(f *testing.F) {
	for i := range 40 {
		f.Add(int64(1_700_000_000+i*3_111_111), uint16(i*997), uint16(i*1531+60), byte(i))
	}
	f.Add(int64(1793059200), uint16(150), uint16(210), byte(1)) // the clocks of Warsaw are put back
	f.Fuzz(func(t *testing.T, unix int64, from, to uint16, zone byte) {
		const week = 7 * 24 * 60
		start, end := int(from)%week, int(to)%week
		unix %= 4_000_000_000
		if start == end || unix < 0 {
			return
		}
		name := zonesOfTheWorld[int(zone)%len(zonesOfTheWorld)]
		loc, err := time.LoadLocation(name)
		if err != nil {
			t.Skip(err)
		}
		all := []Freeze{{Every: weekText(start), Until: weekText(end), TimeZone: name}}
		at := time.Unix(unix, 0).UTC()
		got := FrozenAt(all, at, time.LoadLocation)
		if other := FrozenAt(all, at.In(loc), time.LoadLocation); (got == nil) != (other == nil) || got != nil && *got != *other {
			t.Fatalf("%+v at %s, and %+v there", got, at, other)
		}
		wall := onTheWall(at.In(loc), start, end)
		switch {
		case wall && got == nil && !nearChange(at, loc):
			t.Fatalf("%v: the wall says frozen at %s", all, at.In(loc))
		case !wall && got != nil && !nearChange(at, loc):
			t.Fatalf("%v: the wall says open at %s, and it is frozen until %s", all, at.In(loc), got.Until.In(loc))
		case got == nil:
			return
		}
		if !got.Until.After(at) || FrozenAt(all, got.Until, time.LoadLocation) != nil {
			t.Fatalf("%v at %s: the end %s is none", all, at, got.Until)
		}
		for _, d := range []time.Duration{time.Second, got.Until.Sub(at) / 2} {
			if in := FrozenAt(all, got.Until.Add(-d), time.LoadLocation); in == nil || !in.Until.Equal(got.Until) {
				t.Fatalf("%v: open %s before its end %s", all, d, got.Until)
			}
		}
	})
}

func weekText(minute int) string {
	return []string{"SUN", "MON", "TUE", "WED", "THU", "FRI", "SAT"}[minute/1440] + time.Time{}.Add(time.Duration(minute%1440)*time.Minute).Format(" 15:04")
}

func onTheWall(local time.Time, start, end int) bool {
	now := int(local.Weekday())*1440 + local.Hour()*60 + local.Minute()
	if start < end {
		return start <= now && now < end
	}
	return now >= start || now < end
}

// nearChange reports whether the clocks there are put on or back within a day:
// the edges of a freeze may then be a little earlier or later than the wall says.
func nearChange(at time.Time, loc *time.Location) bool {
	_, a := at.Add(-26 * time.Hour).In(loc).Zone()
	_, b := at.Add(26 * time.Hour).In(loc).Zone()
	_, c := at.In(loc).Zone()
	return a != b || a != c
}
