package main

import (
	"context"
	"encoding/json"
	"fmt"
	"math"
	"strconv"

	hpod "hpod.dev/hpod-go"
)

// double is a float64 as 16 hexadecimal digits.
type double float64

func (d *double) UnmarshalJSON(text []byte) error {
	var digits string
	if err := json.Unmarshal(text, &digits); err != nil {
		return err
	}
	bits, err := strconv.ParseUint(digits, 16, 64)
	*d = double(math.Float64frombits(bits))
	return err
}

func (d double) MarshalJSON() ([]byte, error) {
	return json.Marshal(fmt.Sprintf("%016x", math.Float64bits(float64(d))))
}

// value is a parameter's value with its kind.
type value struct{ plain any }

func (v *value) UnmarshalJSON(text []byte) error {
	var kinds struct {
		Float  *double `json:"float"`
		Int    *string `json:"int"`
		Bool   *bool   `json:"bool"`
		String *string `json:"string"`
	}
	if err := json.Unmarshal(text, &kinds); err != nil {
		return err
	}
	switch {
	case kinds.Float != nil:
		v.plain = float64(*kinds.Float)
	case kinds.Int != nil:
		whole, err := strconv.ParseInt(*kinds.Int, 10, 64)
		v.plain = whole
		return err
	case kinds.Bool != nil:
		v.plain = *kinds.Bool
	case kinds.String != nil:
		v.plain = *kinds.String
	}
	return nil
}

func (v value) MarshalJSON() ([]byte, error) {
	switch plain := v.plain.(type) {
	case float64:
		return json.Marshal(result{"float": double(plain)})
	case int64:
		return json.Marshal(result{"int": strconv.FormatInt(plain, 10)})
	case bool:
		return json.Marshal(result{"bool": plain})
	case string:
		return json.Marshal(result{"string": plain})
	}
	return json.Marshal(result{"null": true})
}

type parameter struct{ hpod.Parameter }

func (p *parameter) UnmarshalJSON(text []byte) error {
	var kind struct {
		Name, Type string
		Log        bool
		Choices    []value
		Conditions []struct {
			Parent string
			Values []value
		}
	}
	if err := json.Unmarshal(text, &kind); err != nil {
		return err
	}
	var err error
	switch kind.Type {
	case "float":
		var domain struct{ Low, High, Step double }
		err = json.Unmarshal(text, &domain)
		p.Parameter = hpod.Float(kind.Name, float64(domain.Low), float64(domain.High)).Step(float64(domain.Step))
	case "int":
		var domain struct{ Low, High, Step int64 }
		err = json.Unmarshal(text, &domain)
		p.Parameter = hpod.Int(kind.Name, domain.Low, domain.High).Step(float64(domain.Step))
	default:
		p.Parameter = hpod.Categorical(kind.Name, toPlain(kind.Choices)...)
	}
	if kind.Log {
		p.Parameter = p.Log()
	}
	for _, condition := range kind.Conditions {
		p.Parameter = p.When(condition.Parent, toPlain(condition.Values)...)
	}
	return err
}

func toPlain(values []value) []any {
	var plain []any
	for _, one := range values {
		plain = append(plain, one.plain)
	}
	return plain
}

func toFloats(doubles []double) []float64 {
	var floats []float64
	for _, one := range doubles {
		floats = append(floats, float64(one))
	}
	return floats
}

func toParams(values map[string]value) hpod.Params {
	params := hpod.Params{}
	for name, one := range values {
		params[name] = one.plain
	}
	return params
}

func fromParams(params hpod.Params) map[string]value {
	values := map[string]value{}
	for name, plain := range params {
		values[name] = value{plain}
	}
	return values
}

func fromTrial(trial *hpod.StoredTrial) result {
	if trial == nil {
		return nil
	}
	values := []double{}
	for _, one := range trial.Values {
		values = append(values, double(one))
	}
	intermediate, constraints := map[int64]double{}, map[string]double{}
	for step, one := range trial.IntermediateValues {
		intermediate[step] = double(one)
	}
	for name, one := range trial.Constraints {
		constraints[name] = double(one)
	}
	return result{
		"number": trial.Number, "state": trial.State, "params": fromParams(trial.Params), "values": values,
		"intermediate_values": intermediate, "user_attributes": trial.UserAttributes, "constraints": constraints,
		"failure": trial.Failure, "retry_of": trial.RetryOf}
}

func listTrials(ctx context.Context, study *hpod.Study, states []hpod.TrialState) (result, error) {
	trials, err := study.Trials(ctx, states...)
	listed := []result{}
	for _, trial := range trials {
		listed = append(listed, fromTrial(trial))
	}
	return result{"trials": listed}, err
}

func getStudy(ctx context.Context, study *hpod.Study) (result, error) {
	info, err := study.Info(ctx)
	if err != nil {
		return nil, err
	}
	counts := result{
		"waiting": info.Counts[hpod.Waiting], "running": info.Counts[hpod.Running], "complete": info.Counts[hpod.Complete],
		"pruned": info.Counts[hpod.Pruned], "failed": info.Counts[hpod.Failed]}
	var stopReason any
	if info.StopReason != "" {
		stopReason = info.StopReason
	}
	return result{
		"name": info.Name, "directions": info.Directions, "metric_names": append([]string{}, info.MetricNames...),
		"user_attributes": info.UserAttributes, "counts": counts, "stop_reason": stopReason}, nil
}
