package templates

import "github.com/gatehouse-app/gatehouse/pipeline"

// Queue is who holds the lane and who waits for it, first first.
type Queue struct {
	Holder *Queued
	Waits  []Queued
}

// Queued is a run in the queue of its lane.
type Queued struct {
	Version string
	Page    string
	Own     bool // the run that is shown
}

func (m *maker) queue() Queue {
	l := m.state.Lane
	if m.run.Status != pipeline.RunActive {
		return Queue{}
	}
	of := func(id pipeline.RunID) Queued {
		q := Queued{Page: m.links.Run(id), Own: id == m.run.ID}
		if o := l.Runs[id]; o != nil {
			q.Version = o.Version
		}
		return q
	}
	var q Queue
	if l.Holder != "" {
		holder := of(l.Holder)
		q.Holder = &holder
	}
	for _, id := range l.Queue {
		q.Waits = append(q.Waits, of(id))
	}
	return q
}

// queueMD lists the queue where somebody waits in it.
func queueMD(l *lines, v View) {
	if len(v.Queue.Waits) == 0 {
		return
	}
	l.head("Queue of " + md(v.Facts.Environment))
	if h := v.Queue.Holder; h != nil {
		l.add("- deploying now: %s", mdLink(h.Version, h.Page))
	}
	for i, q := range v.Queue.Waits {
		own := ""
		if q.Own {
			own = " (this one)"
		}
		l.add("%d. %s%s", i+1, mdLink(q.Version, q.Page), own)
	}
}
