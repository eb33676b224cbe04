package stage

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"cel.dev/cel-go/cel"
)

// exprCost bounds what an expression may cost to judge.
const exprCost = 1_000_000

// Expr checks and judges the CEL expressions of probes. The names are status
// (int), headers (map of lower-case names), body (string), json (the body, if it
// is JSON) and latency (duration).
type Expr struct{ env *cel.Env }

// NewExpr makes the environment of expressions.
func NewExpr() (*Expr, error) {
	env, err := cel.NewEnv(
		cel.Variable("status", cel.IntType),
		cel.Variable("headers", cel.MapType(cel.StringType, cel.StringType)),
		cel.Variable("body", cel.StringType),
		cel.Variable("json", cel.DynType),
		cel.Variable("latency", cel.DurationType),
	)
	if err != nil {
		return nil, fmt.Errorf("make the environment of expressions: %w", err)
	}
	return &Expr{env: env}, nil
}

// Check says what is wrong with an expression, in one line.
func (x *Expr) Check(source string) error {
	_, err := x.compile(source)
	return err
}

func (x *Expr) compile(source string) (cel.Program, error) {
	ast, issues := x.env.Compile(source)
	if err := issues.Err(); err != nil {
		return nil, errors.New(firstLine(err.Error()))
	}
	program, err := x.env.Program(ast, cel.CostLimit(exprCost), cel.InterruptCheckFrequency(100))
	if err != nil {
		return nil, errors.New(firstLine(err.Error()))
	}
	return program, nil
}

// errNoValue says that the expression asked for something that the answer does
// not have.
var errNoValue = errors.New("the answer does not have what it asks for")

// Judge answers whether an expression holds. Its errors never quote the answer.
func (x *Expr) Judge(ctx context.Context, source string, vars map[string]any) (bool, error) {
	program, err := x.compile(source)
	if err != nil {
		return false, err
	}
	out, _, err := program.ContextEval(ctx, vars)
	if err != nil {
		return false, errNoValue
	}
	holds, ok := out.Value().(bool)
	if !ok {
		return false, errors.New("it is neither true nor false")
	}
	return holds, nil
}

// firstLine drops the source that CEL draws below an error.
func firstLine(s string) string {
	s, _, _ = strings.Cut(s, "\n")
	return strings.TrimPrefix(s, "ERROR: ")
}
