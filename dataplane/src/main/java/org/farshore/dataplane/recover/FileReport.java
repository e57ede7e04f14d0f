package org.farshore.dataplane.recover;

import java.nio.file.Path;
import java.util.List;
import java.util.Map;

/**
 * What one small file says, for a person or a program.
 *
 * @param kind what sort of file it is: one word.
 * @param facts numbers and texts by name, in the order in which they are told.
 * @param damages what is wrong, each with what follows from it; empty when nothing is.
 */
public record FileReport(Path file, String kind, Map<String, Object> facts, List<String> damages) {}
