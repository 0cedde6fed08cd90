package hpod

import (
	"fmt"
	"math"

	"google.golang.org/protobuf/proto"

	"hpod.dev/hpod-go/internal/hpov1"
)

// Parameter is one dimension of a search space. Its methods return changed copies.
type Parameter struct {
	message *hpov1.Parameter
	err     error
}

// Float is a real parameter in [low, high], both finite.
func Float(name string, low, high float64) Parameter {
	domain := &hpov1.FloatDomain{Low: low, High: high}
	return Parameter{message: &hpov1.Parameter{Name: name, Domain: &hpov1.Parameter_FloatDomain{FloatDomain: domain}}}
}

// Int is a whole parameter in [low, high], |bounds| <= 2^53.
func Int(name string, low, high int64) Parameter {
	domain := &hpov1.IntDomain{Low: low, High: high}
	return Parameter{message: &hpov1.Parameter{Name: name, Domain: &hpov1.Parameter_IntDomain{IntDomain: domain}}}
}

// Categorical is one of choices, 1 to 10,000 distinct ones: nil, bool, int, int64, float64 or string. int(1) and
// float64(1) are two choices.
func Categorical(name string, choices ...any) Parameter {
	values, err := toValues(choices)
	domain := &hpov1.CategoricalDomain{Choices: values}
	return Parameter{
		message: &hpov1.Parameter{Name: name, Domain: &hpov1.Parameter_CategoricalDomain{CategoricalDomain: domain}},
		err:     named(name, err),
	}
}

// Log searches in the logarithm: for a float with low > 0 and no step, or an int with low >= 1.
func (p Parameter) Log() Parameter {
	p = p.copy()
	switch domain := p.message.GetDomain().(type) {
	case *hpov1.Parameter_FloatDomain:
		domain.FloatDomain.Log = true
	case *hpov1.Parameter_IntDomain:
		domain.IntDomain.Log = true
	default:
		p.err = fmt.Errorf("parameter '%s' is categorical: Log is for numbers", p.message.GetName())
	}
	return p
}

// Step allows only low, low + step, ... up to high; of an int, step is a whole number.
func (p Parameter) Step(step float64) Parameter {
	p = p.copy()
	switch domain := p.message.GetDomain().(type) {
	case *hpov1.Parameter_FloatDomain:
		domain.FloatDomain.Step = step
	case *hpov1.Parameter_IntDomain:
		if step != math.Trunc(step) || math.Abs(step) > 1<<53 {
			p.err = fmt.Errorf("parameter '%s' is an int: Step is %v, but must be a whole number", p.message.GetName(), step)
		}
		domain.IntDomain.Step = int64(step)
	default:
		p.err = fmt.Errorf("parameter '%s' is categorical: Step is for numbers", p.message.GetName())
	}
	return p
}

// When makes the parameter part of a trial only if parent is and has one of values. Several conditions must all hold.
func (p Parameter) When(parent string, values ...any) Parameter {
	p = p.copy()
	converted, err := toValues(values)
	if err != nil {
		p.err = named(p.message.GetName(), err)
	}
	p.message.Conditions = append(p.message.Conditions, &hpov1.Condition{Parent: parent, Values: converted})
	return p
}

func (p Parameter) copy() Parameter {
	return Parameter{message: proto.CloneOf(p.message), err: p.err}
}

func named(name string, err error) error {
	if err == nil {
		return nil
	}
	return fmt.Errorf("parameter '%s': %w", name, err)
}

func toSpace(parameters []Parameter) ([]*hpov1.Parameter, error) {
	result := make([]*hpov1.Parameter, len(parameters))
	for i, parameter := range parameters {
		if parameter.err != nil {
			return nil, parameter.err
		}
		result[i] = parameter.message
	}
	return result, nil
}
