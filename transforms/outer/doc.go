// Package outer makes the weights that a round begins with from those that the round before began with and the mean of what the shards
// have made of them: what averaging does with the mean.
//
// Words: a round is what the shards train between two averages. With x the weights before the round and m the mean of the shards' weights
// after it, d = x - m is the shards' common step, a gradient in all but name; a Rule is an optimizer over it, as an inner one (package
// optimizer) is over gradients.
//
//	average   x' = m                                            MADlib's rule
//	slowmo    u' = μ·u + d/γ,  x' = x - rate·γ·u'               γ: learning rate of the round's first step
//	nesterov  u' = μ·u + d,    x' = x - rate·(d + μ·u')
//
// Sources: SlowMo is Wang, Tantia, Ballas, Rabbat, "SlowMo: Improving Communication-Efficient Distributed SGD with Slow Momentum", ICLR
// 2020, algorithm 1. Nesterov's momentum over averages is that of block momentum (Chen, Huo, ICASSP 2016) and of DiLoCo (Douillard et
// al., arXiv 2311.08105, 2023).
//
// Rules act on trainable weights. All others, the moving statistics of batch normalisation among them, are the mean's: momentum over
// a variance could make it negative.
//
// Guarantees: every weight is computed on its own, in float64, and rounded once, so that the result depends on nothing but
// the arguments. A weight that has become NaN or infinite stays so. Nothing is allocated.
//
// Failure: Check refuses a rule that is not known, and a rate or momentum out of its range, before any work. A step fails only where the model cannot be made or a piece
// of a vector is missing.
package outer
