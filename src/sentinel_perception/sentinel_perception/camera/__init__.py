"""Where pictures come from: files, folders, cameras and streams behind one port."""
