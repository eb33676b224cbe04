package sandbox

import (
	"slices"
	"strings"
	"time"
)

// Program is what a workflow's script can call by its name, such as firebase. It is asked when the job begins, under the World's
// lock, and says what will happen.
type Program func(Invocation) Effect

// Invocation is one call of a Program.
type Invocation struct {
	Args   []string // Args are without the program's name.
	Repo   string
	Commit string // Commit is what the job checked out.
}

// Effect is what a call of a Program comes to.
type Effect struct {
	Takes time.Duration
	Code  int
	Acts  []Act
}

// Act is something that a program does while it runs. A job that is cancelled before does not do it.
type Act struct {
	After time.Duration // After is since the program began.
	Do    func()
}

// AddProgram lets scripts call a program, also through npx.
func (w *World) AddProgram(name string, p Program) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.programs[name] = p
}

// call runs a line of a script if it names a program.
func (w *World) call(r *Repo, run *WorkflowRun, words []string) (Effect, bool) {
	words = slices.DeleteFunc(slices.Clone(words), func(word string) bool { return word == "npx" || word == "--yes" })
	if len(words) == 0 {
		return Effect{}, false
	}
	name, _, _ := strings.Cut(words[0], "@") // npx takes a version behind the name
	program := w.programs[name]
	if program == nil {
		return Effect{}, false
	}
	var args []string
	for _, word := range words[1:] {
		args = append(args, strings.Trim(word, `"'`))
	}
	return program(Invocation{Args: args, Repo: r.FullName(), Commit: run.HeadSHA}), true
}

// schedule has a job's acts done at their time.
func (w *World) schedule(j *Job, acts []Act) {
	j.acts = acts
	for i := range acts {
		j.pending = append(j.pending, w.after(acts[i].After, func() { j.act(i + 1) }))
	}
}

// act does what is due of a job, in order, each once.
func (j *Job) act(until int) {
	for ; j.acted < until; j.acted++ {
		j.acts[j.acted].Do()
	}
}

// drop forgets what a job has not done yet.
func (j *Job) drop() {
	for _, stop := range j.pending {
		stop()
	}
	j.acts, j.pending, j.acted = nil, nil, 0
}
