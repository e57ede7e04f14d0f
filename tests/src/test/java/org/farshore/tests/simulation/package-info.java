/**
 * Deterministic simulation: the production classes of all three roles in one thread, out of one seed, through days as bad as
 * a seed can make them.
 *
 * <pre>
 *  Scenario (from a seed)                    World: time, turns, faults, checks
 *     │                                        │
 *     ├─ SourceMachine ── devices, workload, capture ring and pinned bits (outlive the agent, die with the machine)
 *     ├─ RoleLife ×3 ──── agent, process server, master target: production classes, from start to death
 *     ├─ Network ──────── two hops at the level of the Links seam: what Aeron does not promise may happen
 *     ├─ TargetDisk ───── forgets what was not synced, tears, refuses, fills up, rots
 *     │
 *     ├─ Promises ─────── listens on the wire: what the far side has promised, point by point
 *     ├─ VolumeOracle ─── knows every write, and which states a power cut could have left
 *     └─ FailoverPlay ─── an operator and users of views, where the scenario has them; FailoverTruth and ViewDisk judge
 * </pre>
 *
 * <p><b>What is checked.</b> I1 prefix: at each recovery point that becomes durable, and at each turn to ordered, the copy is a
 * state that the source could have had, over all volumes named. I2 durable: what is on the devices and not promised is
 * known to something that outlives the agent; what was promised is never asked for again. I3: no point names a volume that is
 * converging. I4: no sector shows anything but what was written to it. I5: incarnations only rise. I6: roles end only as a
 * disk or a peer makes them. I7: connections are bounded. I8: when all faults are over, everything comes right by itself, and the
 * replicas are the devices.
 *
 * <p><b>What is not here.</b> The kernel's side of the capture, Aeron itself and real disks: system tests run those.
 *
 * <p>The same seed gives the same run on every JVM: all randomness comes from {@link org.farshore.tests.simulation.Dice}, and
 * nothing depends on identity, hash order or the wall clock. {@code Outcome.hash} rolls over everything that happens.
 */
package org.farshore.tests.simulation;
