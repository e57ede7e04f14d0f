/**
 * Every decoder of bytes that others wrote, each with a target that may be fed anything.
 *
 * <p>A target is a class with {@code fuzzerTestOneInput(byte[])}, the shape that Jazzer wants. It throws nothing for any
 * input: what the decoder may declare it catches itself, everything else is a finding. {@link FuzzTarget} lists them.
 * {@link FuzzTargetsTest} feeds each its corpus and some thousand seeded mutations in every build; {@link JazzerLongTest}
 * lets Jazzer search with coverage guidance, on request.
 */
package org.farshore.tests.fuzz;
