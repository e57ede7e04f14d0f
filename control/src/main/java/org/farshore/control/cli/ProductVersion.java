package org.farshore.control.cli;

import org.farshore.dataplane.runtime.RoleMain;
import picocli.CommandLine.IVersionProvider;

/** What {@code --version} prints. */
final class ProductVersion implements IVersionProvider {
    @Override
    public String[] getVersion() {
        return new String[] {"farshore " + RoleMain.version()};
    }
}
