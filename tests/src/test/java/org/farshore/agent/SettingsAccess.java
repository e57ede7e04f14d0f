package org.farshore.agent;

import org.farshore.dataplane.runtime.Settings;

/** The agent's reading of its settings, for tests of other packages. */
public final class SettingsAccess {
    private SettingsAccess() {}

    /** Reads every key of the agent. */
    public static void readAll(final Settings settings) {
        new AgentSettings(settings);
    }
}
