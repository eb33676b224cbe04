//go:build planted

package engine

// early is a planted bug, for the test that must find it: it performs effects
// before the swap that owes them. No program is built with this tag.
func (t *tx) early() {
	for i := range t.jobs {
		if t.jobs[i].effect != nil {
			r := t.e.do(t.ctx, t.jobs[i])
			t.jobs[i].early = &r
		}
	}
}
