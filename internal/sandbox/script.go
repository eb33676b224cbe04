package sandbox

import (
	"os"
	"strconv"
	"strings"
	"time"
)

// outcome is what a job's scripts say about how it goes.
type outcome struct {
	takes time.Duration
	// hangs is a `sleep infinity`; stubborn is a `trap`, which outlives a polite cancel.
	hangs    bool
	stubborn bool
	failed   bool
	steps    []Step
	// acts are what its programs do to the world, each after so much of the job's time.
	acts []Act
	run  func(words []string) (Effect, bool)
}

// play reads the scripts of a job's steps without running them: `exit N`, `sleep S`, `sleep infinity`, `trap` and the programs
// that the world knows mean something on a line of their own outside of if, for, while and case; anything else succeeds.
func play(steps []stepSpec, vars map[string]string, usual time.Duration, run func(words []string) (Effect, bool)) outcome {
	out := outcome{takes: -1, run: run}
	for i, s := range steps {
		step := Step{Name: s.title(), Number: i + 1, Status: "completed", Conclusion: "success"}
		switch {
		case out.hangs:
			continue
		case out.failed:
			step.Conclusion = "skipped"
		default:
			if code := out.script(s.script(vars)); code != 0 {
				step.Conclusion = "failure"
				out.failed = s.ContinueOnError != true
			}
		}
		out.steps = append(out.steps, step)
	}
	if out.takes < 0 {
		out.takes = usual
	}
	return out
}

// script is what the step runs, with the variables of its own environment filled in.
func (s stepSpec) script(vars map[string]string) string {
	return os.Expand(expand(s.Run, vars), func(name string) string {
		if value, ok := s.Env[name]; ok {
			return expand(value, vars)
		}
		return "$" + name
	})
}

func (s stepSpec) title() string {
	switch {
	case s.Name != "":
		return s.Name
	case s.Uses != "":
		return "Run " + s.Uses
	}
	first, _, _ := strings.Cut(s.Run, "\n")
	return "Run " + first
}

// script goes through one step's lines and returns its exit code.
func (o *outcome) script(text string) int {
	depth := 0
	for _, line := range strings.Split(text, "\n") {
		words := strings.Fields(line)
		if len(words) == 0 {
			continue
		}
		switch words[0] {
		case "if", "for", "while", "case":
			depth++
		}
		switch words[len(words)-1] {
		case "fi", "done", "esac":
			depth--
			continue
		}
		if depth > 0 {
			continue
		}
		if code, over := o.line(words); over {
			return code
		}
	}
	return 0
}

// line plays one line; over means that the script ends with it.
func (o *outcome) line(words []string) (code int, over bool) {
	switch words[0] {
	case "trap":
		o.stubborn = true
	case "sleep":
		if len(words) < 2 {
			return 1, true
		}
		if words[1] == "infinity" {
			o.hangs = true
			return 0, true
		}
		seconds, err := strconv.ParseFloat(strings.TrimSuffix(words[1], "s"), 64)
		if err != nil {
			return 1, true
		}
		o.takes = max(o.takes, 0) + time.Duration(seconds*float64(time.Second))
	case "exit":
		if len(words) > 1 {
			if n, err := strconv.Atoi(words[1]); err == nil {
				code = n
			}
		}
		return code, true
	case "false":
		return 1, true
	default:
		return o.program(words)
	}
	return 0, false
}

// program plays a program that the world knows.
func (o *outcome) program(words []string) (code int, over bool) {
	effect, known := o.run(words)
	if !known {
		return 0, false
	}
	begins := max(o.takes, 0)
	for _, act := range effect.Acts {
		o.acts = append(o.acts, Act{After: begins + act.After, Do: act.Do})
	}
	o.takes = begins + effect.Takes
	return effect.Code, effect.Code != 0
}
